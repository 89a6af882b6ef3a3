//! The scenarios in which a client runs, each with a fake service of its own.

use std::time::Duration;

use kling_mock::{Fault, Mock, Plan, Profile};

use crate::target::Host;

/// A job for the client, and how the service handles it.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(super) name: &'static str,
    pub(super) scene: &'static str,
    pub(super) pictures: Pictures,
    pub(super) plan: fn() -> Plan,
    /// The faults, in the mock's grammar.
    pub(super) faults: &'static [&'static str],
    /// Whether queries have the additional envelope that CometAPI used until 2026-03.
    pub(super) is_wrapped: bool,
    /// How long the client is to wait for the task.
    pub(super) timeout: Duration,
    /// How often the client is run.
    pub(super) runs: usize,
    /// The only host to which it applies, if not to both.
    pub(super) host: Option<Host>,
}

/// The value of `KLING_IMAGES`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pictures {
    Url,
    TwoUrls,
    File,
    SmallFile,
}

/// A photograph that the service accepts.
pub(super) static PORTRAIT: &[u8] = include_bytes!("../../fixtures/media/portrait.jpg");
/// An image for which the service fails the task, since it is only 191 pixels high.
static SMALL: &[u8] = include_bytes!("../../fixtures/media/too-small-338x191.png");

pub(super) const LEFT: &str = "https://example.com/left.jpg";
pub(super) const RIGHT: &str = "https://example.com/right.jpg";

/// The failure reason of a failed task.
pub(super) const REASON: &str = "Failure to pass the risk control system";

impl Pictures {
    /// The name and the bytes of the file to be written, if any.
    pub(super) fn files(self) -> Option<(&'static str, &'static [u8])> {
        match self {
            Pictures::File => Some(("portrait.jpg", PORTRAIT)),
            Pictures::SmallFile => Some(("small.png", SMALL)),
            Pictures::Url | Pictures::TwoUrls => None,
        }
    }
}

/// Far more than a conforming client needs, since the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(25);

/// One image URL, a task that succeeds at the first query, and no faults.
const PLAIN: Scenario = Scenario {
    name: "",
    scene: "color_mixing",
    pictures: Pictures::Url,
    plan: Plan::instant,
    faults: &[],
    is_wrapped: false,
    timeout: TIMEOUT,
    runs: 1,
    host: None,
};

const fn with_faults(name: &'static str, faults: &'static [&'static str]) -> Scenario {
    Scenario {
        name,
        faults,
        ..PLAIN
    }
}

pub(super) static SINGLE: Scenario = Scenario {
    name: "one image from a file",
    pictures: Pictures::File,
    plan: || Plan::polls(1, 2),
    ..PLAIN
};
pub(super) static PAIR: Scenario = Scenario {
    name: "two images, three runs",
    scene: "hug_pro",
    pictures: Pictures::TwoUrls,
    runs: 3,
    ..PLAIN
};
pub(super) static NEW_SCENE: Scenario = Scenario {
    name: "an unknown scene",
    scene: "effect_of_tomorrow",
    ..PLAIN
};
pub(super) static SMALL_PICTURE: Scenario = Scenario {
    name: "an image that is too small",
    pictures: Pictures::SmallFile,
    ..PLAIN
};
pub(super) static STRANGE_STATUS: Scenario = Scenario {
    plan: || Plan::polls(1, 3),
    ..with_faults(
        "an unknown status",
        &["get#2-3:json=unknown_status(paused)"],
    )
};
pub(super) static WRAPPED: Scenario = Scenario {
    name: "an additional envelope around the task",
    is_wrapped: true,
    host: Some(Host::Comet),
    ..PLAIN
};
pub(super) static LOST_QUERIES: Scenario = Scenario {
    plan: || Plan::polls(1, 1),
    ..with_faults("queries that fail", &["get#2:503", "get#3:reset"])
};
pub(super) static BUSY_QUERY: Scenario =
    with_faults("a rate-limited query", &["get#1:429/1302+retry_after=1s"]);
pub(super) static NULLS: Scenario = Scenario {
    plan: || Plan::polls(1, 0),
    ..with_faults(
        "members that are null",
        &[
            "create:json=null(/data/task_info)",
            "get#1:json=null(/data/task_result)",
        ],
    )
};
pub(super) static STUCK: Scenario = Scenario {
    name: "a task that never ends",
    plan: Plan::stuck,
    timeout: Duration::from_secs(1),
    ..PLAIN
};
pub(super) static FAILED: Scenario = Scenario {
    name: "a task that fails",
    plan: || Plan::polls(1, 1).failing(REASON),
    ..PLAIN
};
pub(super) static NO_RESULT: Scenario = with_faults(
    "a success without a video",
    &["get:json=missing_field(/data/task_result)"],
);
pub(super) static EMPTY_ACCOUNT: Scenario = with_faults("an empty account", &["create:429/1102"]);
pub(super) static BAD_KEY: Scenario =
    with_faults("a create refused for its key", &["create:401/1002"]);
pub(super) static BAD_CONTENT: Scenario =
    with_faults("a create refused for its content", &["create:400/1301"]);
pub(super) static REFUSED_IN_200: Scenario = with_faults(
    "a refusal with HTTP 200",
    &[
        r#"create:raw(200, application/json, "{\"code\":1201,\"message\":\"input is invalid\",\"request_id\":\"r\"}")"#,
    ],
);
pub(super) static BUSY: Scenario = with_faults(
    "a rate-limited create",
    &["create#1:429/1302+retry_after=1s"],
);
pub(super) static LOST: Scenario = with_faults("a lost create response", &["create#1@after:reset"]);
pub(super) static LOST_AT_COMET: Scenario = Scenario {
    host: Some(Host::Comet),
    ..with_faults(
        "a lost create response, without a lookup",
        &["create#1@after:reset"],
    )
};
pub(super) static LOST_AT_KLING: Scenario = Scenario {
    host: Some(Host::Kling),
    ..with_faults(
        "a lost create response, with a lookup",
        &["create#1@after:reset"],
    )
};
const EMPTY: &[&str] = &["create#1@after:empty"];
pub(super) static EMPTY_ANSWER: Scenario = with_faults("an empty create response", EMPTY);
pub(super) static EMPTY_ANSWER_AT_KLING: Scenario = Scenario {
    host: Some(Host::Kling),
    ..with_faults("an empty create response, with a lookup", EMPTY)
};
pub(super) static ERROR_AFTER: Scenario = with_faults(
    "a server error after the create was carried out",
    &["create#1@after:500/5000"],
);
pub(super) static HALF: Scenario =
    with_faults("an interrupted download", &["asset#1:truncate=2000"]);
pub(super) static GONE: Scenario = with_faults("a refused download", &["asset:403"]);

impl Scenario {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn mock(&self, host: Host, results: &str) -> Result<Mock, String> {
        let profile = match host {
            Host::Comet => Profile::comet(),
            Host::Kling => Profile::kling(),
        };
        let wrapping = if self.is_wrapped { "omni" } else { "none" };
        let profile = profile
            .with("wrapped", wrapping)
            .map_err(|error| error.to_string())?;
        let mut mock = Mock::builder()
            .profile(profile)
            .plan((self.plan)())
            .public_url(results)?;
        for fault in self.faults {
            let fault: Fault = fault
                .parse()
                .map_err(|error| format!("{}: {fault}: {error}", self.name))?;
            mock = mock.fault(fault);
        }
        Ok(mock.build())
    }
}
