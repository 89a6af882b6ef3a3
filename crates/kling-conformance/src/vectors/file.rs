//! Reads the vector files.

use serde_json::{Map, Value};

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Every file of vectors: its name in `fixtures/vectors`, and its content.
        pub static FILES: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!("../../fixtures/vectors/", $name)),
        )),*];
    };
}

files! {
    "callbacks.json",
    "clients.json",
    "errors.json",
    "jwt.json",
    "polls.json",
    "redaction.json",
    "requests.json",
    "responses.json",
    "retries.json",
    "statuses.json",
    "webhooks.json",
}

/// `fixtures/manifest.json`: the number of tests and the SHA-256 of each file.
pub static MANIFEST: &str = include_str!("../../fixtures/manifest.json");

/// One test of a file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Vector {
    /// The file's suite, such as `requests`.
    pub suite: String,
    /// The group within it.
    pub group: String,
    /// The test within that.
    pub id: String,
    /// The mistake in an implementation that this vector catches.
    pub mistake: String,
    /// The facts that it proves, as ids of `fixtures/facts.json`.
    pub facts: Vec<String>,
    /// The confidence in these facts: the test's own, or else its group's.
    pub confidence: String,
    /// The test itself.
    pub test: Value,
}

impl Vector {
    /// The full name: `suite#group/id`.
    pub fn name(&self) -> String {
        format!("{}#{}/{}", self.suite, self.group, self.id)
    }
}

/// Every vector, in the order of the files.
pub fn all() -> Result<Vec<Vector>, String> {
    let mut vectors = Vec::new();
    for (name, text) in FILES {
        let found = parse(text).map_err(|why| format!("{name}: {why}"))?;
        vectors.extend(found);
    }
    Ok(vectors)
}

/// The vectors of one file.
pub fn parse(text: &str) -> Result<Vec<Vector>, String> {
    let file: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if file["format"] != 1 {
        return Err(format!(
            "format {} is not supported, only 1",
            file["format"]
        ));
    }
    let mut vectors = Vec::new();
    for group in list(&file, "groups")? {
        for test in list(group, "tests")? {
            vectors.push(vector(&file, group, test)?);
        }
    }
    let promised = file["numberOfTests"].as_u64();
    if promised != u64::try_from(vectors.len()).ok() {
        return Err(format!(
            "has {} tests, but numberOfTests is {}",
            vectors.len(),
            file["numberOfTests"]
        ));
    }
    Ok(vectors)
}

fn vector(file: &Value, group: &Value, test: &Value) -> Result<Vector, String> {
    let caught_by = text(test, "caught_by")?;
    let mistake = file["notes"][&caught_by].as_str();
    let mistake = mistake.ok_or_else(|| format!("there is no note for {caught_by:?}"))?;
    let confidence = match text(test, "confidence") {
        Ok(own) => own,
        Err(_) => text(group, "confidence")?,
    };
    let facts = list(test, "facts")?.iter();
    let mut members = test.as_object().cloned().unwrap_or_default();
    inherit(&mut members, file, "policy");
    Ok(Vector {
        suite: text(file, "suite")?,
        group: text(group, "id")?,
        id: text(test, "id")?,
        mistake: mistake.to_owned(),
        facts: facts.filter_map(Value::as_str).map(str::to_owned).collect(),
        confidence,
        test: Value::Object(members),
    })
}

/// Copies a member that a file has once for all of its tests.
fn inherit(members: &mut Map<String, Value>, file: &Value, key: &str) {
    if let Some(value) = file.get(key) {
        members.entry(key).or_insert_with(|| value.clone());
    }
}

fn text(of: &Value, key: &str) -> Result<String, String> {
    let found = of[key].as_str().map(str::to_owned);
    found.ok_or_else(|| format!("{key:?} is missing or not a string in {}", of["id"]))
}

fn list<'a>(of: &'a Value, key: &str) -> Result<&'a Vec<Value>, String> {
    let found = of[key].as_array();
    found.ok_or_else(|| format!("{key:?} is missing or not a list in {}", of["id"]))
}
