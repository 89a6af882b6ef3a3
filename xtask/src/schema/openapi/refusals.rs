//! The errors of the service, by HTTP status.

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

/// Kling's and the gateways' errors (documented, except for 413: *inferred*).
static REFUSALS: &[Refusal] = &[
    Refusal {
        status: 400,
        name: "BadRequest",
        description: "The request is invalid, its content is refused, or the task does not exist.",
    },
    Refusal {
        status: 401,
        name: "Unauthorized",
        description: "The key or token is missing, invalid, expired or not valid yet.",
    },
    Refusal {
        status: 403,
        name: "Forbidden",
        description: "The account lacks the permission, or its quota at the gateway is exhausted.",
    },
    Refusal {
        status: 404,
        name: "NotFound",
        description: "The path, method, model or task does not exist. For an unknown task, Kling \
            sends 400, although its table documents 404.",
    },
    Refusal {
        status: 413,
        name: "TooLarge",
        description: "The body is too large. Not documented, but usual for web servers.",
    },
    Refusal {
        status: 429,
        name: "TooManyRequests",
        description: "For the codes 1302 and 1303, retry after a wait. For any other code, waiting \
            does not help: the owner of the account must act.",
    },
    Refusal {
        status: 500,
        name: "ServerError",
        description: "An internal error; the task may exist nevertheless. CometAPI also sends it for \
            malformed requests (`invalid_request`).",
    },
    Refusal {
        status: 503,
        name: "Unavailable",
        description: "Under maintenance, or the gateway has no channel for the model. If the code is \
            5001, no task was created.",
    },
    Refusal {
        status: 504,
        name: "Timeout",
        description: "The service timed out; the task may exist nevertheless.",
    },
    Refusal {
        status: 524,
        name: "OriginTimeout",
        description: "The proxy in front of CometAPI timed out; the task may exist nevertheless.",
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
        // Without an example, the body is unknown and need not be JSON.
        if !examples.is_empty() {
            response["content"] = json_body("ErrorBody", &examples);
        }
        (refusal.name.to_owned(), response)
    };
    REFUSALS.iter().map(response).collect()
}

/// The samples with this status, and a body for each code of Kling's table without a
/// sample.
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
            let summary = "Documented; the message is not the service's.";
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
    fn every_documented_code_and_every_error_sample_is_an_example() {
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
