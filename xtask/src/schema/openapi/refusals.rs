//! The ways in which the service says no, by HTTP status.

use kling_types::code::DOCUMENTED;
use serde_json::{Map, Value, json};

use super::super::samples::{Sample, Samples};
use super::{examples, json_body, reference};

struct Refusal {
    status: u16,
    /// The name of its response in the document.
    name: &'static str,
    description: &'static str,
}

/// Those of Kling's table, and of gateways (documented, but for 413: *inferred*).
static REFUSALS: &[Refusal] = &[
    Refusal {
        status: 400,
        name: "BadRequest",
        description: "The request is wrong, its content is refused, or there is no such task.",
    },
    Refusal {
        status: 401,
        name: "Unauthorized",
        description: "The key or token is missing, wrong, or not valid at this time.",
    },
    Refusal {
        status: 403,
        name: "Forbidden",
        description: "The account may not use this, or has no quota left at a gateway.",
    },
    Refusal {
        status: 404,
        name: "NotFound",
        description: "No such path, method, model or task. Kling answers 400 for a task that it \
            does not have, though its table says this.",
    },
    Refusal {
        status: 413,
        name: "TooLarge",
        description: "The body is too large. Documented by nobody: what web servers answer.",
    },
    Refusal {
        status: 429,
        name: "TooManyRequests",
        description: "Codes 1302 and 1303: wait, then send it again. Every other code: waiting \
            does not help, the account's owner must act.",
    },
    Refusal {
        status: 500,
        name: "ServerError",
        description: "The service failed, and may have made a task. CometAPI sends it for malformed \
            requests, too (`invalid_request`).",
    },
    Refusal {
        status: 503,
        name: "Unavailable",
        description: "Under maintenance, or no channel of a gateway has the model. Nothing was made \
            if the code is 5001.",
    },
    Refusal {
        status: 504,
        name: "Timeout",
        description: "The service took too long, and may have made a task.",
    },
    Refusal {
        status: 524,
        name: "OriginTimeout",
        description: "The network before CometAPI gave up waiting; there may be a task.",
    },
];

pub(super) const OF_READ: &[u16] = &[400, 401, 403, 404, 429, 500, 503, 504, 524];
pub(super) const OF_CREATE: &[u16] = &[400, 401, 403, 404, 413, 429, 500, 503, 504, 524];

pub(super) fn references(statuses: &[u16]) -> Map<String, Value> {
    let of_status = |refusal: &&Refusal| statuses.contains(&refusal.status);
    let chosen = REFUSALS.iter().filter(of_status);
    chosen
        .map(|refusal| {
            let to = reference(&format!("responses/{}", refusal.name));
            (refusal.status.to_string(), to)
        })
        .collect()
}

pub(super) fn responses(samples: &Samples) -> Value {
    let response = |refusal: &Refusal| {
        let mut response = json!({"description": refusal.description});
        let examples = examples_of(refusal.status, samples);
        // What has no example has no known body: it need not be JSON.
        if !examples.is_empty() {
            response["content"] = json_body("ErrorBody", &examples);
        }
        (refusal.name.to_owned(), response)
    };
    REFUSALS.iter().map(response).collect()
}

/// Samples with this status, and a body for each code of Kling's table of which
/// there is none.
fn examples_of(status: u16, samples: &Samples) -> Map<String, Value> {
    let of_status = |sample: &&Sample| {
        sample.kind == "ErrorBody" && sample.http_status == Some(u64::from(status))
    };
    let chosen: Vec<_> = samples.iter().filter(of_status).collect();
    let mut examples = examples(chosen.iter().copied());
    for row in DOCUMENTED.iter().filter(|row| row.http_status == status) {
        let code = row.code.get();
        if chosen.iter().all(|sample| sample.body["code"] != code) {
            let body = json!({
                "code": code,
                "message": row.meaning,
                "request_id": "9984d27b-a408-4073-ae28-17ca6a13622d",
            });
            let summary = "Documented; the sentence is ours.";
            examples.insert(
                format!("code-{code}"),
                json!({"summary": summary, "value": body}),
            );
        }
    }
    examples
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn every_documented_code_and_every_sample_of_a_refusal_is_an_example() {
        let samples = Samples::read(&workspace::root().join("fixtures")).unwrap();
        let responses = responses(&samples);
        let bodies: Vec<(u16, Value)> = REFUSALS
            .iter()
            .flat_map(|refusal| {
                let content = &responses[refusal.name]["content"]["application/json"];
                let examples = content["examples"].as_object().cloned().unwrap_or_default();
                examples
                    .into_iter()
                    .map(|(_, one)| (refusal.status, one["value"].clone()))
            })
            .collect();
        for row in DOCUMENTED {
            let of_row = |(status, body): &(u16, Value)| {
                *status == row.http_status && body["code"] == row.code.get()
            };
            assert!(bodies.iter().any(of_row), "{row:?}");
        }
        for sample in samples.iter().filter(|sample| sample.kind == "ErrorBody") {
            let is_it = |(status, body): &(u16, Value)| {
                Some(u64::from(*status)) == sample.http_status && *body == sample.body
            };
            assert!(bodies.iter().any(is_it), "{}", sample.file);
        }
    }
}
