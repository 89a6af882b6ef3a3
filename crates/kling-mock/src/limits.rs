//! The table of what is emulated, with the evidence, and what is not.

use serde::Serialize;

/// A statement about what the mock emulates, or does not emulate.
///
/// ```
/// use kling_mock::{Evidence, Mock};
///
/// let missing = Mock::new().limits().iter().filter(|limit| limit.evidence == Evidence::NotEmulated);
/// assert!(missing.map(|limit| limit.area).any(|area| area == "content"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Limit {
    /// The part of the service.
    pub area: &'static str,
    /// The statement.
    pub statement: &'static str,
    /// The evidence for it.
    pub evidence: Evidence,
    /// The test that proves it (`file::name`, below `tests/it`), or the switch that
    /// changes it.
    pub proof: &'static str,
}

/// The evidence for a statement about the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Evidence {
    /// The service's documentation says so.
    Documented,
    /// A real answer of the service shows it.
    #[serde(rename = "seen live")]
    SeenLive,
    /// It follows from known facts, but has not been observed.
    Inferred,
    /// Sources disagree.
    Contradictory,
    /// Nothing is known, so the mock's behaviour is a choice.
    Invented,
    /// The mock does not emulate it.
    #[serde(rename = "not emulated")]
    NotEmulated,
}

impl Evidence {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Evidence::Documented => "documented",
            Evidence::SeenLive => "seen live",
            Evidence::Inferred => "inferred",
            Evidence::Contradictory => "contradictory",
            Evidence::Invented => "invented",
            Evidence::NotEmulated => "not emulated",
        }
    }
}

const fn row(
    area: &'static str,
    evidence: Evidence,
    statement: &'static str,
    proof: &'static str,
) -> Limit {
    Limit {
        area,
        statement,
        evidence,
        proof,
    }
}

pub(crate) static LIMITS: &[Limit] = &[
    row(
        "paths",
        Evidence::Documented,
        "Creates, queries and lists at `/v1/videos/effects`, with the prefix `/kling` on CometAPI",
        "fields::documented_requests_are_accepted",
    ),
    row(
        "paths",
        Evidence::SeenLive,
        "Answers about a task on CometAPI have its messages and members",
        "answers::task_lifecycle_at_cometapi",
    ),
    row(
        "paths",
        Evidence::SeenLive,
        "Answers about a task on Kling have its messages and members",
        "answers::task_lifecycle_at_kling",
    ),
    row(
        "paths",
        Evidence::Inferred,
        "CometAPI has neither a list of tasks nor queries by external id",
        "answers::external_ids_find_tasks_at_kling_only",
    ),
    row(
        "requests",
        Evidence::Documented,
        "`duration` is required on CometAPI, and optional on Kling",
        "fields::duration_is_required_at_cometapi_only",
    ),
    row(
        "requests",
        Evidence::Documented,
        "The scenes that are available on a date, with their number of images",
        "--scenes-as-of, MockBuilder::scenes_as_of",
    ),
    row(
        "requests",
        Evidence::SeenLive,
        "Invalid and missing fields are refused with the service's messages",
        "fields::missing_and_wrong_fields",
    ),
    row(
        "requests",
        Evidence::Inferred,
        "A `callback_url` of `null` is refused with code 1201 and `callback_url can not be null`",
        "fields::an_optional_field_that_is_null_is_refused",
    ),
    row(
        "requests",
        Evidence::Documented,
        "An external id is unique within an account",
        "refusals::documented_refusals_of_kling",
    ),
    row(
        "pictures",
        Evidence::SeenLive,
        "A base64 image is decoded by the create, and refused if it is invalid",
        "fields::invalid_base64_is_refused_by_the_create",
    ),
    row(
        "pictures",
        Evidence::SeenLive,
        "An image with too few pixels fails the task, not the create",
        "fields::a_too_small_image_fails_the_task",
    ),
    row(
        "pictures",
        Evidence::Inferred,
        "An image with an unsupported aspect ratio, size or format fails the task with `Unsupported image. …`, the message of another endpoint",
        "fields::an_unsupported_image_fails_the_task",
    ),
    row(
        "pictures",
        Evidence::NotEmulated,
        "An image URL is not fetched, and always accepted",
        "-",
    ),
    row(
        "content",
        Evidence::NotEmulated,
        "The content of images is not examined: no moderation, no face detection",
        "--plan 'quick fail(\"…\")', Plan::failing",
    ),
    row(
        "tasks",
        Evidence::Documented,
        "The status changes from submitted to processing to succeed or failed, which are terminal",
        "answers::queries_do_not_change_a_task",
    ),
    row(
        "tasks",
        Evidence::Invented,
        "The duration of a task, unless a plan sets it",
        "--plan, MockBuilder::plan",
    ),
    row(
        "tasks",
        Evidence::SeenLive,
        "Task ids on CometAPI have 19 digits and contain the creation time",
        "ids::comet_ids_have_19_digits_and_the_creation_time",
    ),
    row(
        "tasks",
        Evidence::SeenLive,
        "Task ids on Kling have 18 digits",
        "ids::kling_ids_have_18_digits",
    ),
    row(
        "keys",
        Evidence::Documented,
        "API keys and HS256 tokens, whose times are verified: codes 1000 to 1004",
        "accounts::token_times_are_verified",
    ),
    row(
        "keys",
        Evidence::SeenLive,
        "The gateway refuses an invalid key with its own error body",
        "refusals::gateway_errors",
    ),
    row(
        "accounts",
        Evidence::Inferred,
        "The account states 1100 to 1103 and 1304 refuse creates, and nothing else",
        "accounts::account_states_refuse_creates",
    ),
    row(
        "accounts",
        Evidence::Documented,
        "A create beyond the number of slots is refused with 1303; a task holds its slot until it ends",
        "accounts::slots_are_held_until_the_task_ends",
    ),
    row(
        "accounts",
        Evidence::Contradictory,
        "A limit of creates per second (1302), if it is configured",
        "accounts::creates_per_second_are_limited",
    ),
    row(
        "accounts",
        Evidence::Documented,
        "Accounts are isolated from each other",
        "accounts::accounts_are_isolated",
    ),
    row(
        "billing",
        Evidence::Invented,
        "The price of a task: one unit, unless it is configured",
        "MockBuilder::prices",
    ),
    row(
        "billing",
        Evidence::Inferred,
        "A failed task is not refunded",
        "answers::charges_tell_what_was_paid",
    ),
    row(
        "callbacks",
        Evidence::Documented,
        "Each status change is posted, with the task that a query would return",
        "callbacks::every_status_change_is_posted_with_the_queried_task",
    ),
    row(
        "callbacks",
        Evidence::Contradictory,
        "Third parties report callbacks for the terminal status only",
        "MockBuilder::callbacks_on",
    ),
    row(
        "callbacks",
        Evidence::Documented,
        "Signatures according to Standard Webhooks; a rotated secret still signs for seven days",
        "callbacks::rotated_secrets_sign_for_seven_days",
    ),
    row(
        "callbacks",
        Evidence::Invented,
        "A failed callback is not retried, unless configured",
        "--callback-retries, MockBuilder::callback_attempts",
    ),
    row(
        "callbacks",
        Evidence::Documented,
        "The console's test callback, at most once in six seconds",
        "callbacks::console_test_callback",
    ),
    row(
        "results",
        Evidence::Documented,
        "A result is available for 30 days",
        "assets::results_are_kept_for_30_days",
    ),
    row(
        "results",
        Evidence::Invented,
        "Results support Range, If-Range and HEAD, and have an ETag",
        "assets::range_requests",
    ),
    row(
        "results",
        Evidence::NotEmulated,
        "The content of videos: they show a single colour, without sound",
        "assets::a_video_has_the_requested_duration",
    ),
    row(
        "other",
        Evidence::NotEmulated,
        "The other task endpoints: text to video, avatars, lip sync, images, sound",
        "-",
    ),
    row(
        "other",
        Evidence::NotEmulated,
        "TLS and HTTP/2: use a reverse proxy, and set the public URL",
        "--public-url, MockBuilder::public_url",
    ),
];
