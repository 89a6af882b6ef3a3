//! `Expectation`: what a test expects, as data.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::journal::Operation;

/// What a test expects to have happened.
///
/// Each of [`create`](Self::create), [`get`](Self::get), [`list`](Self::list),
/// [`asset`](Self::asset), [`callback`](Self::callback) and
/// [`requests`](Self::requests) starts an expectation of requests; the methods
/// after it narrow it down. Without a number it expects at least one.
///
/// Every expectation, even an empty one, also expects that each armed fault has
/// acted unless it is optional, because a test whose fault never acted proves
/// nothing. [`allow_unfired_faults`](Self::allow_unfired_faults) turns this off.
///
/// ```
/// use std::time::Duration;
/// use kling_http::{EffectRequest, ImageSource, Scene};
/// use kling_mock::{Expectation, Mock};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mock = Mock::new();
/// let client = mock.client()?;
/// let image = ImageSource::url("https://example.com/me.jpg");
/// let request = EffectRequest::single(Scene::COLOR_MIXING, image);
/// let task = client.effects().create(request).await?;
/// task.wait().await?;
///
/// let expected = Expectation::new()
///     .create().body(json!({ "effect_scene": "color_mixing" })).times(1)
///     .get(task.id().as_str()).at_least_interval(Duration::from_millis(100))
///     .charges(1)
///     .no_unmatched();
/// mock.verify(&expected)?;
/// # Ok(())
/// # }
/// ```
///
/// The same as JSON:
///
/// ```json
/// {
///   "requests": [
///     { "operation": "create", "body": { "effect_scene": "hug_pro" }, "times": 1 },
///     { "operation": "get", "task": "2032273960331935744", "at_least_interval_ms": 5000 }
///   ],
///   "charges": 1,
///   "no_unmatched": true
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use]
pub struct Expectation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) requests: Vec<Requests>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) charges: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) charged_once: Vec<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) no_unmatched: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) allow_unfired_faults: bool,
}

// The signature that serde requires.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !value
}

/// Which requests, and how many of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Requests {
    /// Any request to the service if unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<Operation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) task: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) times: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at_least: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at_most: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at_least_interval_ms: Option<u64>,
}

impl Expectation {
    /// Expects only that the faults acted.
    pub fn new() -> Self {
        Expectation::default()
    }

    /// Considers only this account: its requests and charges, but not the faults of
    /// other accounts.
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.account = Some(name.into());
        self
    }

    /// Expects tasks to be created.
    pub fn create(self) -> Self {
        self.operation(Operation::Create)
    }

    /// Expects this task to be queried, by its id or its external task id.
    pub fn get(self, id: impl AsRef<str>) -> Self {
        self.operation(Operation::Get).task(id)
    }

    /// Expects tasks to be listed.
    pub fn list(self) -> Self {
        self.operation(Operation::List)
    }

    /// Expects a result's file to be fetched.
    pub fn asset(self) -> Self {
        self.operation(Operation::Asset)
    }

    /// Expects callbacks to be sent.
    pub fn callback(self) -> Self {
        self.operation(Operation::Callback)
    }

    /// Expects requests of this operation.
    pub fn operation(mut self, operation: Operation) -> Self {
        self.requests.push(Requests {
            operation: Some(operation),
            ..Requests::default()
        });
        self
    }

    /// Expects requests to the service, for any operation.
    pub fn requests(mut self) -> Self {
        self.requests.push(Requests::default());
        self
    }

    /// … about this task, by its id or its external task id.
    pub fn task(self, id: impl AsRef<str>) -> Self {
        self.narrow(|last| last.task = Some(id.as_ref().to_owned()))
    }

    /// … answered with this status.
    pub fn status(self, status: u16) -> Self {
        self.narrow(|last| last.status = Some(status))
    }

    /// … whose body contains all of this: objects may have more members, lists no
    /// more elements.
    pub fn body(self, body: impl Into<Value>) -> Self {
        self.narrow(|last| last.body = Some(body.into()))
    }

    /// … exactly this many times.
    pub fn times(self, times: u64) -> Self {
        self.narrow(|last| last.times = Some(times))
    }

    /// … at least this many times.
    pub fn at_least(self, times: u64) -> Self {
        self.narrow(|last| last.at_least = Some(times))
    }

    /// … at most this many times, possibly never.
    pub fn at_most(self, times: u64) -> Self {
        self.narrow(|last| last.at_most = Some(times))
    }

    /// … with at least this much time between consecutive ones.
    pub fn at_least_interval(self, interval: Duration) -> Self {
        let millis = interval.as_nanos().div_ceil(1_000_000);
        let millis = u64::try_from(millis).unwrap_or(u64::MAX);
        self.narrow(|last| last.at_least_interval_ms = Some(millis))
    }

    /// Expects no request for a path or method that the service does not have.
    pub fn no_unmatched(mut self) -> Self {
        self.no_unmatched = true;
        self
    }

    /// Expects this many charges in total.
    pub fn charges(mut self, count: u64) -> Self {
        self.charges = Some(count);
        self
    }

    /// Expects this task, by its id or its external task id, to be charged exactly
    /// once.
    pub fn charged_once(mut self, id: impl AsRef<str>) -> Self {
        self.charged_once.push(id.as_ref().to_owned());
        self
    }

    /// Accepts armed faults that never acted, not only optional ones.
    pub fn allow_unfired_faults(mut self) -> Self {
        self.allow_unfired_faults = true;
        self
    }

    /// Changes the last expectation of requests; without one, it is of any.
    fn narrow(mut self, change: impl FnOnce(&mut Requests)) -> Self {
        match self.requests.last_mut() {
            Some(last) => change(last),
            None => {
                let mut any = Requests::default();
                change(&mut any);
                self.requests.push(any);
            }
        }
        self
    }
}

impl Requests {
    /// The least and the most there may be.
    pub(super) fn bounds(&self) -> (u64, u64) {
        let given = [self.times, self.at_least, self.at_most];
        let default = u64::from(given == [None; 3]);
        let least = self.at_least.unwrap_or(default);
        let most = self.at_most.unwrap_or(u64::MAX);
        match self.times {
            Some(times) => (least.max(times), most.min(times)),
            None => (least, most),
        }
    }

    /// How many are expected, in words.
    pub(super) fn count_in_words(&self) -> String {
        match self.bounds() {
            (0, 0) => "none".to_owned(),
            (least, most) if least == most => format!("exactly {least}"),
            (least, u64::MAX) => format!("at least {least}"),
            (0, most) => format!("at most {most}"),
            (least, most) => format!("{least} to {most}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_builder_and_json_say_the_same() {
        let built = Expectation::new()
            .account("main")
            .create()
            .body(json!({ "effect_scene": "hug_pro" }))
            .times(1)
            .get("17")
            .status(200)
            .at_least(2)
            .at_most(9)
            .at_least_interval(Duration::from_micros(4_999_001))
            .no_unmatched()
            .charges(1)
            .charged_once("17")
            .allow_unfired_faults();
        let json = json!({
            "account": "main",
            "requests": [
                { "operation": "create", "body": { "effect_scene": "hug_pro" }, "times": 1 },
                {
                    "operation": "get", "task": "17", "status": 200,
                    "at_least": 2, "at_most": 9, "at_least_interval_ms": 5000,
                },
            ],
            "charges": 1,
            "charged_once": ["17"],
            "no_unmatched": true,
            "allow_unfired_faults": true,
        });
        assert_eq!(serde_json::to_value(&built).unwrap(), json);
        assert_eq!(serde_json::from_value::<Expectation>(json).unwrap(), built);
        let nothing = serde_json::to_value(Expectation::new()).unwrap();
        assert_eq!(nothing, json!({}));
        for json in [json!({}), json!({ "allow_unfired_faults": false })] {
            let read: Expectation = serde_json::from_value(json).unwrap();
            assert_eq!(read, Expectation::new());
        }
    }

    #[test]
    fn a_word_that_means_nothing_is_refused() {
        for json in [
            json!({ "no_unmached": true }),
            json!({ "requests": [{ "operation": "poll" }] }),
            json!({ "requests": [{ "operation": "get", "time": 1 }] }),
        ] {
            assert!(serde_json::from_value::<Expectation>(json).is_err());
        }
    }

    #[test]
    fn counts_have_words() {
        let rows = [
            (Expectation::new().create(), "at least 1"),
            (Expectation::new().create().times(2), "exactly 2"),
            (Expectation::new().create().times(0), "none"),
            (Expectation::new().create().at_most(2), "at most 2"),
            (Expectation::new().create().at_least(0), "at least 0"),
            (Expectation::new().times(3).at_most(5), "exactly 3"),
            (Expectation::new().at_least(3).at_most(5), "3 to 5"),
        ];
        for (expectation, words) in rows {
            assert_eq!(expectation.requests[0].count_in_words(), words);
        }
    }
}
