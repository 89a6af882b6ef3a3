//! The samples in `fixtures/samples/` with their types.

use std::path::Path;

use kling_types::schema::documents;
use serde_json::Value;

use crate::workspace;

/// Bodies of other endpoints, which are not covered by the types.
const OTHERS: [&str; 3] = [
    "req.cometapi.advanced-lip-sync.json",
    "resp.kling.identify-face.docshape.json",
    "resp.kling.tasks-unified.docshape.json",
];

pub(super) struct Samples(Vec<Sample>);

pub(super) struct Sample {
    /// The file name.
    pub(super) file: String,
    /// The type, which is derived from the file name.
    pub(super) kind: &'static str,
    /// The confidence that the service sends this.
    pub(super) confidence: String,
    /// The HTTP status.
    pub(super) http_status: Option<u64>,
    pub(super) body: Value,
}

impl Samples {
    pub(super) fn read(fixtures: &Path) -> Result<Self, String> {
        let json = |path: &str| -> Result<Value, String> {
            let text = workspace::read(&fixtures.join(path))?;
            serde_json::from_str(&text).map_err(|e| format!("fixtures/{path}: {e}"))
        };
        let table = json("samples.json")?;
        let mut samples = Vec::new();
        for row in table["samples"].as_array().into_iter().flatten() {
            let file = row["file"].as_str().unwrap_or_default();
            if let Some(kind) = kind(file) {
                samples.push(Sample {
                    file: file.to_owned(),
                    kind,
                    confidence: row["confidence"].as_str().unwrap_or_default().to_owned(),
                    http_status: row["http_status"].as_u64(),
                    body: json(&format!("samples/{file}"))?,
                });
            }
        }
        Ok(Samples(samples))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.0.iter()
    }

    pub(super) fn get(&self, file: &str) -> Result<&Sample, String> {
        let found = self.iter().find(|sample| sample.file == file);
        found.ok_or_else(|| format!("there is no fixtures/samples/{file}"))
    }

    /// The samples that are invalid against the schema of their type.
    pub(super) fn misfits(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for document in documents() {
            let of_kind = self.iter().filter(|sample| sample.kind == document.name);
            match jsonschema::draft202012::new(&document.schema) {
                Err(error) => wrong.push(format!("{}: {error}", document.name)),
                Ok(validator) => wrong.extend(of_kind.filter_map(|sample| {
                    let error = validator.validate(&sample.body).err()?;
                    let Sample { file, kind, .. } = sample;
                    Some(format!("fixtures/samples/{file} is not a {kind}: {error}"))
                })),
            }
        }
        wrong
    }
}

fn kind(file: &str) -> Option<&'static str> {
    if OTHERS.contains(&file) {
        return None;
    }
    Some(match file.split('.').next()? {
        "req" => "EffectRequest",
        "resp" if file.contains(".list.") => "TaskListEnvelope",
        "resp" => "TaskEnvelope",
        "callback" => "TaskCallback",
        "err" => "ErrorBody",
        // Keys and signatures are not bodies.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn samples_are_validated_against_their_types() {
        let mut samples = Samples::read(&workspace::root().join("fixtures")).unwrap();
        assert!(samples.0.len() > 35, "only {} samples", samples.0.len());
        assert!(samples.misfits().is_empty());
        for sample in &mut samples.0 {
            sample.body = json!({"code": "success", "input": null});
        }
        let wrong = samples.misfits();
        let right = samples
            .iter()
            .filter(|sample| sample.kind.ends_with("Envelope"));
        assert_eq!(wrong.len(), samples.0.len() - right.count());
        assert!(wrong[0].contains("is not a "), "{}", wrong[0]);
    }
}
