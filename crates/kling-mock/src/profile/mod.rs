//! The differences between the hosts that offer the service, as data.

use kling_types::UnixMillis;

mod switch;
mod wrap;

pub use switch::{ProfileError, Switch};
pub(crate) use wrap::Wrapping;

/// The host to emulate: [`Profile::comet`], the default, or [`Profile::kling`].
///
/// There is a switch wherever sources disagree or nothing is known;
/// [`Profile::switches`] lists them with their defaults and the reasons. As text, a
/// profile is the host's name and the switches that differ from their defaults.
///
/// ```
/// use kling_mock::Profile;
///
/// let profile: Profile = "comet list=on wrapped=omni".parse()?;
/// assert_eq!(profile.to_string(), "comet list=on wrapped=omni");
///
/// let error = "kling lists=on".parse::<Profile>().unwrap_err();
/// assert!(error.to_string().starts_with("`lists` is not a switch; did you mean `list`?"));
/// # Ok::<(), kling_mock::ProfileError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
// They are independent of each other, and don't encode a state.
#[allow(clippy::struct_excessive_bools)]
pub struct Profile {
    pub(crate) name: &'static str,
    /// The path before `/v1`.
    pub(crate) prefix: &'static str,
    /// The envelope's `message` of a create (*seen live*).
    pub(crate) create_message: &'static str,
    /// The envelope's `message` of a query (*seen live*).
    pub(crate) query_message: &'static str,
    /// The prefix of its API keys (*documented* and *seen live*).
    pub(crate) key_prefix: &'static str,
    /// The epoch of task ids.
    pub(crate) id_epoch: UnixMillis,
    /// The machine number in task ids.
    pub(crate) id_machine: u64,
    // The rest are the switches: see `switch.rs` for what each means.
    pub(crate) create_request_id: bool,
    pub(crate) external_ids: bool,
    pub(crate) list: bool,
    pub(crate) duration_required: bool,
    pub(crate) comet_scenes: bool,
    pub(crate) gateway_errors: bool,
    pub(crate) video_duration: bool,
    pub(crate) watermark_url: bool,
    pub(crate) watermark_info: bool,
    pub(crate) deductions: bool,
    pub(crate) not_found: NotFound,
    pub(crate) wrong_path: WrongPath,
    pub(crate) wrapped: Wrapping,
}

/// The answer to a query for an unknown task; *contradictory*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// HTTP 400 and code 1201 (*seen live*).
    Live,
    /// HTTP 404 and code 1203 (*documented*).
    Documented,
}

/// The answer at an unknown path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrongPath {
    /// The host's own error body.
    Json,
    /// A web page.
    Html,
    /// A redirect to the host's front page.
    Redirect,
}

impl Profile {
    /// CometAPI, the gateway.
    pub const fn comet() -> Self {
        Profile {
            name: "comet",
            prefix: "/kling",
            create_message: "success",
            query_message: "SUCCEED",
            key_prefix: "sk-mock-",
            // The epoch of the well-known 64-bit "snowflake": the time in an
            // effects id is the task's created_at to the millisecond, and the
            // machine is 456 in both ids seen.
            id_epoch: UnixMillis::new(1_288_834_974_657),
            id_machine: 456,
            create_request_id: false,
            external_ids: false,
            list: false,
            duration_required: true,
            comet_scenes: true,
            gateway_errors: true,
            video_duration: true,
            watermark_url: false,
            watermark_info: false,
            deductions: false,
            not_found: NotFound::Live,
            wrong_path: WrongPath::Html,
            wrapped: Wrapping::None,
        }
    }

    /// Kling itself.
    pub const fn kling() -> Self {
        Profile {
            name: "kling",
            prefix: "",
            create_message: "SUCCEED",
            query_message: "SUCCEED",
            key_prefix: "api-key-kling-mock-",
            // Computed from five live pairs of id and created_at: all give this
            // epoch to within 7 ms at 2^22 ids a millisecond. 18 digits.
            id_epoch: UnixMillis::new(1_568_028_518_778),
            id_machine: 96,
            create_request_id: true,
            external_ids: true,
            list: true,
            duration_required: false,
            comet_scenes: false,
            gateway_errors: false,
            video_duration: false,
            watermark_url: true,
            watermark_info: true,
            deductions: true,
            not_found: NotFound::Live,
            wrong_path: WrongPath::Json,
            wrapped: Wrapping::None,
        }
    }

    /// The host's name: `comet` or `kling`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The host with this name, with the defaults of all switches.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Profile::comet(), Profile::kling()]
            .into_iter()
            .find(|profile| profile.name == name)
    }

    /// How many task numbers an id can tell apart.
    pub(crate) const NUMBERS: u64 = 1 << 22;

    /// The id of a task: its time of creation in the upper bits, then a machine and the
    /// task's number, as in the ids of both hosts (computed from live ids). Unique unless
    /// [`NUMBERS`](Self::NUMBERS) tasks are created within a millisecond.
    pub(crate) fn task_id(&self, now: UnixMillis, number: u64) -> u64 {
        let millis = u64::try_from(now.get() - self.id_epoch.get()).unwrap_or_default();
        millis.wrapping_mul(Self::NUMBERS) + self.first_id().wrapping_add(number) % Self::NUMBERS
    }

    /// The number of the task with this id, modulo [`NUMBERS`](Self::NUMBERS).
    pub(crate) fn task_number(&self, id: u64) -> u64 {
        id.wrapping_sub(self.first_id()) % Self::NUMBERS
    }

    /// The lower bits of the id of task 0.
    fn first_id(&self) -> u64 {
        self.id_machine << 12
    }
}
