//! Validation: finds everything wrong with a request before it is paid for.
//!
//! The same rules hold for a typed request
//! ([`EffectRequest::validate`]) and for any JSON value ([`validate_json`]).
//! Both report every violation at once, in the order of the document: that of
//! the fields on the service's page, and of the images in their list. JSON
//! objects have no order of their own.
//!
//! ```
//! use kling_types::validate::{Rule, validate_json};
//! use serde_json::json;
//!
//! let found = validate_json(&json!({
//!     "effect_scene": "hug_pro",
//!     "input": {"images": ["https://example.com/a.jpg"]},
//!     "callback_url": "example.com/hook",
//! }));
//! let rules: Vec<_> = found.iter().map(|v| (v.pointer.as_str(), v.rule)).collect();
//! assert_eq!(rules, [("/input/images", Rule::ImagesCount), ("/callback_url", Rule::CallbackUrl)]);
//! ```

use std::fmt;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::request::EffectRequest;
use crate::scene::{Date, LATEST_LIST};

mod fields;
mod images;
mod rule;
mod view;

pub use rule::{Rule, Severity};

/// A violated rule: an error or a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON Pointer (RFC 6901) into the body. What is missing is named
    /// by the place where it belongs.
    pub pointer: String,
    /// The rule.
    pub rule: Rule,
    /// What is wrong and what to do, as a sentence without its end.
    pub message: String,
}

impl Violation {
    /// Whether the service would refuse the request, or only might.
    pub fn severity(&self) -> Severity {
        self.rule.severity()
    }

    /// Whether it is an error, not a warning.
    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() {
            "the body"
        } else {
            &self.pointer
        };
        write!(f, "{place}: {} [{}]", self.message, self.rule)
    }
}

impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Violation", 4)?;
        object.serialize_field("pointer", &self.pointer)?;
        object.serialize_field("rule", self.rule.id())?;
        object.serialize_field("severity", self.severity().as_str())?;
        object.serialize_field("message", &self.message)?;
        object.end()
    }
}

/// Which rules to check. By default, rules that only one provider has are left out.
/// [`Rule::source`] has the evidence for each rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checks {
    pub(crate) duration_required: bool,
    pub(crate) pictures: bool,
    pub(crate) as_of: Date,
}

impl Default for Checks {
    fn default() -> Self {
        Checks {
            duration_required: false,
            pictures: true,
            as_of: LATEST_LIST,
        }
    }
}

impl Checks {
    /// Requires `duration`, as CometAPI documents.
    pub fn with_duration_required(mut self, required: bool) -> Self {
        self.duration_required = required;
        self
    }

    /// Whether to check pictures given as bytes or base64: format, pixels, aspect
    /// ratio and size. These limits may change; the service decides.
    pub fn with_pictures(mut self, pictures: bool) -> Self {
        self.pictures = pictures;
        self
    }

    /// The date of the scene list to check against. If it is after [`LATEST_LIST`],
    /// a wrong number of images is a warning, not an error: the scene may have
    /// changed since.
    pub fn as_of(mut self, date: Date) -> Self {
        self.as_of = date;
        self
    }

    fn arity_rule(&self) -> Rule {
        if self.as_of > LATEST_LIST {
            Rule::SceneArityDated
        } else {
            Rule::SceneArity
        }
    }
}

impl EffectRequest {
    /// Everything wrong with the request, by the default [`Checks`].
    pub fn validate(&self) -> Vec<Violation> {
        self.validate_with(&Checks::default())
    }

    /// Everything wrong with the request.
    pub fn validate_with(&self, checks: &Checks) -> Vec<Violation> {
        fields::validate(&view::RequestView::of_request(self), checks)
    }
}

/// Everything wrong with a body, by the default [`Checks`].
pub fn validate_json(body: &Value) -> Vec<Violation> {
    validate_json_with(body, &Checks::default())
}

/// Everything wrong with a body.
pub fn validate_json_with(body: &Value, checks: &Checks) -> Vec<Violation> {
    match body {
        Value::Object(members) => fields::validate(&view::RequestView::of_members(members), checks),
        other => vec![Violation {
            pointer: String::new(),
            rule: Rule::RequestType,
            message: format!("is {}; a request is a JSON object", view::kind_of(other)),
        }],
    }
}
