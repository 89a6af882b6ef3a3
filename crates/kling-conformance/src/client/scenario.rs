//! The scenarios: each is a fake service of its own.

use std::time::Duration;

use kling_mock::{Fault, Mock, Plan, Profile};

use crate::target::Host;

/// One job for the client, and what becomes of it.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(super) name: &'static str,
    pub(super) scene: &'static str,
    pub(super) pictures: Pictures,
    pub(super) plan: fn() -> Plan,
    /// What goes wrong, in the mock's grammar.
    pub(super) faults: &'static [&'static str],
    /// Whether queries answer as the gateway did until 2026-03.
    pub(super) is_wrapped: bool,
    /// How long the client is to wait for the task.
    pub(super) patience: Duration,
    /// How often the client is run.
    pub(super) runs: usize,
    /// Where it can be played, if not everywhere.
    pub(super) host: Option<Host>,
}

/// What the client is given to send.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pictures {
    Url,
    TwoUrls,
    File,
    SmallFile,
}

/// A photograph that the service takes.
pub(super) static PORTRAIT: &[u8] = include_bytes!("../../fixtures/media/portrait.jpg");
/// One that it refuses, for its 191 pixels.
static SMALL: &[u8] = include_bytes!("../../fixtures/media/too-small-338x191.png");

pub(super) const LEFT: &str = "https://example.com/left.jpg";
pub(super) const RIGHT: &str = "https://example.com/right.jpg";

/// What the service says of a task that failed.
pub(super) const REASON: &str = "Failure to pass the risk control system";

impl Pictures {
    /// The files to be written: name and bytes.
    pub(super) fn files(self) -> Option<(&'static str, &'static [u8])> {
        match self {
            Pictures::File => Some(("portrait.jpg", PORTRAIT)),
            Pictures::SmallFile => Some(("small.png", SMALL)),
            Pictures::Url | Pictures::TwoUrls => None,
        }
    }
}

/// Far more than a right client needs, as the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(25);

/// One URL, done at the first query, and nothing goes wrong.
const PLAIN: Scenario = Scenario {
    name: "",
    scene: "color_mixing",
    pictures: Pictures::Url,
    plan: Plan::instant,
    faults: &[],
    is_wrapped: false,
    patience: PATIENCE,
    runs: 1,
    host: None,
};

const fn goes_wrong(name: &'static str, faults: &'static [&'static str]) -> Scenario {
    Scenario {
        name,
        faults,
        ..PLAIN
    }
}

pub(super) static SINGLE: Scenario = Scenario {
    name: "one picture from a file",
    pictures: Pictures::File,
    plan: || Plan::polls(1, 2),
    ..PLAIN
};
pub(super) static PAIR: Scenario = Scenario {
    name: "two pictures, three times",
    scene: "hug_pro",
    pictures: Pictures::TwoUrls,
    runs: 3,
    ..PLAIN
};
pub(super) static NEW_SCENE: Scenario = Scenario {
    name: "a scene of tomorrow",
    scene: "effect_of_tomorrow",
    ..PLAIN
};
pub(super) static SMALL_PICTURE: Scenario = Scenario {
    name: "too small a picture",
    pictures: Pictures::SmallFile,
    ..PLAIN
};
pub(super) static STRANGE_STATUS: Scenario = Scenario {
    plan: || Plan::polls(1, 3),
    ..goes_wrong(
        "a status of tomorrow",
        &["get#2-3:json=unknown_status(paused)"],
    )
};
pub(super) static WRAPPED: Scenario = Scenario {
    name: "a task within a gateway's own envelope",
    is_wrapped: true,
    host: Some(Host::Comet),
    ..PLAIN
};
pub(super) static LOST_QUERIES: Scenario = Scenario {
    plan: || Plan::polls(1, 1),
    ..goes_wrong("queries that fail", &["get#2:503", "get#3:reset"])
};
pub(super) static BUSY_QUERY: Scenario =
    goes_wrong("a query too many", &["get#1:429/1302+retry_after=1s"]);
pub(super) static NULLS: Scenario = Scenario {
    plan: || Plan::polls(1, 0),
    ..goes_wrong(
        "nulls",
        &[
            "create:json=null(/data/task_info)",
            "get#1:json=null(/data/task_result)",
        ],
    )
};
pub(super) static STUCK: Scenario = Scenario {
    name: "a task without an end",
    plan: Plan::stuck,
    patience: Duration::from_secs(1),
    ..PLAIN
};
pub(super) static FAILED: Scenario = Scenario {
    name: "a task that fails",
    plan: || Plan::polls(1, 1).failing(REASON),
    ..PLAIN
};
pub(super) static NO_RESULT: Scenario = goes_wrong(
    "a success without a video",
    &["get:json=missing_field(/data/task_result)"],
);
pub(super) static EMPTY_ACCOUNT: Scenario = goes_wrong("an empty account", &["create:429/1102"]);
pub(super) static BAD_KEY: Scenario = goes_wrong("a refused key", &["create:401/1002"]);
pub(super) static BAD_CONTENT: Scenario = goes_wrong("refused content", &["create:400/1301"]);
pub(super) static REFUSED_IN_200: Scenario = goes_wrong(
    "a refusal with HTTP 200",
    &[
        r#"create:raw(200, application/json, "{\"code\":1201,\"message\":\"input is invalid\",\"request_id\":\"r\"}")"#,
    ],
);
pub(super) static BUSY: Scenario =
    goes_wrong("a create too many", &["create#1:429/1302+retry_after=1s"]);
pub(super) static LOST: Scenario = goes_wrong("a lost answer", &["create#1@after:reset"]);
pub(super) static LOST_AT_COMET: Scenario = Scenario {
    host: Some(Host::Comet),
    ..goes_wrong(
        "a lost answer where nobody can look",
        &["create#1@after:reset"],
    )
};
pub(super) static LOST_AT_KLING: Scenario = Scenario {
    host: Some(Host::Kling),
    ..goes_wrong("a lost answer that can be found", &["create#1@after:reset"])
};
const EMPTY: &[&str] = &["create#1@after:empty"];
pub(super) static EMPTY_ANSWER: Scenario = goes_wrong("an empty answer", EMPTY);
pub(super) static EMPTY_ANSWER_AT_KLING: Scenario = Scenario {
    host: Some(Host::Kling),
    ..goes_wrong("an empty answer for a task that can be found", EMPTY)
};
pub(super) static ERROR_AFTER: Scenario =
    goes_wrong("an error after the deed", &["create#1@after:500/5000"]);
pub(super) static HALF: Scenario = goes_wrong("half a file", &["asset#1:truncate=2000"]);
pub(super) static GONE: Scenario = goes_wrong("a file that is refused", &["asset:403"]);

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
