//! The table of what is emulated, on what evidence, and what is not.

use serde::Serialize;

/// One thing that the mock emulates, or does not.
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
    /// The part of the service that it is about.
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
    /// The service's own documentation says so.
    Documented,
    /// An answer of the service shows it.
    #[serde(rename = "seen live")]
    SeenLive,
    /// It follows from what is known, but has not been observed.
    Inferred,
    /// Sources disagree.
    Contradictory,
    /// Nothing is known, and a choice had to be made.
    Invented,
    /// The mock does not do it.
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
        "Create, query and list of `/v1/videos/effects`, below `/kling` at CometAPI",
        "fields::documented_requests_are_accepted",
    ),
    row(
        "paths",
        Evidence::SeenLive,
        "A task's answer at CometAPI, in its words and with its members",
        "answers::a_life_at_cometapi",
    ),
    row(
        "paths",
        Evidence::SeenLive,
        "A task's answer at Kling, in its words and with its members",
        "answers::a_life_at_kling",
    ),
    row(
        "paths",
        Evidence::Inferred,
        "CometAPI neither lists tasks nor finds them by external id",
        "answers::external_ids_find_tasks_at_kling_only",
    ),
    row(
        "requests",
        Evidence::Documented,
        "`duration` is required at CometAPI, and optional at Kling",
        "fields::duration_is_required_at_cometapi_only",
    ),
    row(
        "requests",
        Evidence::Documented,
        "Scenes are known as of a date, with their number of pictures",
        "--scenes-as-of, MockBuilder::scenes_as_of",
    ),
    row(
        "requests",
        Evidence::SeenLive,
        "Wrong and missing fields are refused in the service's words",
        "fields::missing_and_wrong_fields",
    ),
    row(
        "requests",
        Evidence::Inferred,
        "A `callback_url` of `null` is refused: `callback_url can not be null`, code 1201",
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
        "A picture in base64 is read when the task is created, and refused if it is none",
        "fields::a_picture_that_is_no_base64_is_refused_at_once",
    ),
    row(
        "pictures",
        Evidence::SeenLive,
        "A picture with too few pixels fails its task, not the create",
        "fields::a_picture_that_is_too_small_fails_the_task",
    ),
    row(
        "pictures",
        Evidence::Inferred,
        "A picture of another form, size or format fails its task: `Unsupported image. …`, as another endpoint says it",
        "fields::a_picture_of_another_form_size_or_format_fails_the_task",
    ),
    row(
        "pictures",
        Evidence::NotEmulated,
        "A picture that is given by URL is not fetched, and always passes",
        "-",
    ),
    row(
        "content",
        Evidence::NotEmulated,
        "Nothing looks at what a picture shows: no moderation, no face is sought",
        "--plan 'quick fail(\"…\")', Plan::failing",
    ),
    row(
        "tasks",
        Evidence::Documented,
        "submitted, processing, then succeed or failed; an end is for ever",
        "answers::asking_changes_nothing_by_itself",
    ),
    row(
        "tasks",
        Evidence::Invented,
        "How long a task takes, unless a plan says it",
        "--plan, MockBuilder::plan",
    ),
    row(
        "tasks",
        Evidence::SeenLive,
        "Ids have 19 digits at CometAPI and the time of creation in them",
        "ids::comet_s_have_19_digits_and_the_time_of_creation",
    ),
    row(
        "tasks",
        Evidence::SeenLive,
        "Ids have 18 digits at Kling",
        "ids::kling_s_have_18_digits",
    ),
    row(
        "keys",
        Evidence::Documented,
        "API keys, and tokens by HS256 that are held to their times: codes 1000 to 1004",
        "accounts::tokens_are_held_to_the_clock",
    ),
    row(
        "keys",
        Evidence::SeenLive,
        "The gateway refuses a wrong key in a body of its own",
        "refusals::what_the_gateway_refuses_itself",
    ),
    row(
        "accounts",
        Evidence::Inferred,
        "Account states 1100 to 1103 and 1304 refuse creates, and nothing else",
        "accounts::what_an_account_may_not_do",
    ),
    row(
        "accounts",
        Evidence::Documented,
        "More tasks at once than slots is 1303; a slot is held until its task ends",
        "accounts::slots_are_held_to_the_end",
    ),
    row(
        "accounts",
        Evidence::Contradictory,
        "A limit of creates in a second, 1302; there is none unless it is set",
        "accounts::creates_are_counted_by_the_second",
    ),
    row(
        "accounts",
        Evidence::Documented,
        "Accounts see nothing of each other",
        "accounts::accounts_see_nothing_of_each_other",
    ),
    row(
        "billing",
        Evidence::Invented,
        "What a task costs: one unit, unless it is set",
        "MockBuilder::prices",
    ),
    row(
        "billing",
        Evidence::Inferred,
        "A task that fails is not refunded",
        "answers::charges_tell_what_was_paid",
    ),
    row(
        "callbacks",
        Evidence::Documented,
        "Each change is told, in the body that a query would show",
        "callbacks::every_change_is_told_as_a_query_would_show_it",
    ),
    row(
        "callbacks",
        Evidence::Contradictory,
        "Third parties tell of the last change only",
        "MockBuilder::callbacks_on",
    ),
    row(
        "callbacks",
        Evidence::Documented,
        "Signatures by Standard Webhooks; an old secret signs for seven days more",
        "callbacks::signatures_outlive_a_rotation_by_seven_days",
    ),
    row(
        "callbacks",
        Evidence::Invented,
        "A callback that fails is not sent again, unless told to",
        "--callback-retries, MockBuilder::callback_attempts",
    ),
    row(
        "callbacks",
        Evidence::Documented,
        "The console's test callback, once in six seconds",
        "callbacks::the_console_s_test_callback",
    ),
    row(
        "results",
        Evidence::Documented,
        "A result can be had for 30 days",
        "assets::results_are_kept_for_thirty_days",
    ),
    row(
        "results",
        Evidence::Invented,
        "Results answer Range, If-Range and HEAD, with an ETag",
        "assets::parts",
    ),
    row(
        "results",
        Evidence::NotEmulated,
        "A video shows one still colour, without sound, whatever the effect",
        "assets::a_video_is_as_long_as_was_asked_for",
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
        "TLS and HTTP/2: put a proxy before it, and set its public URL",
        "--public-url, MockBuilder::public_url",
    ),
];
