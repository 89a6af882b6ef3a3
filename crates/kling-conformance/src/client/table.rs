//! The table of checks of clients. Ids are stable: they are never renamed or reused.

use super::scenario as on;
use super::{create, failures, output, polls};
use crate::checks::{Check, Kind};
use crate::status::Level::{Must, Should};

/// Builds the table from scenarios and judges.
macro_rules! checks {
    ($($id:literal $level:ident $scenario:path => $judge:path, $description:literal, [$($fact:literal)*];)*) => {
        static CHECKS: &[Check] = &[$(Check {
            id: $id,
            level: $level,
            description: $description,
            facts: &[$($fact),*],
            kind: Kind::Client(&$scenario, $judge),
        }),*];
        CHECKS
    };
}

/// Every check of clients.
#[allow(clippy::too_many_lines)] // It is a table.
pub fn all() -> &'static [Check] {
    checks! {
        "client.create.request" Must on::SINGLE => create::request,
            "a create has a JSON content type, and the key as a Bearer token",
            ["F-REQ-01" "F-AUTH-01" "F-AUTH-02"];
        "client.create.scene" Must on::SINGLE => create::scene,
            "the scene is in effect_scene, and a single image in input.image",
            ["F-PATH-01" "F-REQ-02" "F-REQ-03" "F-REQ-04" "F-REQ-16"];
        "client.create.pair" Must on::PAIR => create::pair,
            "two images are in input.images, in the given order",
            ["F-REQ-05" "F-REQ-06"];
        "client.create.base64" Must on::SINGLE => create::base64,
            "a file is sent as base64, without line breaks and without a data: prefix",
            ["F-IMG-06" "F-IMG-07"];
        "client.create.duration" Must on::SINGLE => create::duration,
            "duration is a string, and is always sent to CometAPI",
            ["F-REQ-10" "F-REQ-11"];
        "client.create.no_null" Must on::SINGLE => create::no_null,
            "unset members are omitted, not null",
            ["F-REQ-17"];
        "client.create.external_id" Should on::SINGLE => create::external_id,
            "a create has an external_task_id, by which a lost task can be found",
            ["F-REQ-08" "F-PAY-02"];
        "client.create.fresh_id" Must on::PAIR => create::fresh_id,
            "each job has its own external_task_id",
            ["F-REQ-08"];
        "client.create.any_scene" Should on::NEW_SCENE => create::any_scene,
            "a scene that the client does not know is sent, since the service decides",
            ["F-SCENE-09"];
        "client.create.small_picture" Should on::SMALL_PICTURE => create::small_picture,
            "too small an image is rejected before anything is charged",
            ["F-IMG-03" "F-IMG-09"];
        "client.poll.path" Must on::SINGLE => polls::path,
            "a task is queried below the path at which it was created",
            ["F-PATH-02" "F-PATH-09"];
        "client.poll.id" Must on::PAIR => polls::id,
            "a task id is used exactly as received, digit by digit",
            ["F-PATH-10" "F-CREATE-12"];
        "client.poll.interval" Must on::SINGLE => polls::interval,
            "queries are no more frequent than the polling interval",
            ["F-TIME-03"];
        "client.poll.stops" Must on::SINGLE => polls::stops,
            "a task in a terminal status is not queried again",
            ["F-STATE-02"];
        "client.poll.failed_query" Must on::LOST_QUERIES => polls::failed_query,
            "a failed query does not end the wait for a paid task",
            ["F-CODE-5001" "F-GW-12"];
        "client.poll.retry_after" Must on::BUSY_QUERY => polls::retry_after,
            "a query that was refused temporarily is retried, after its Retry-After",
            ["F-CODE-1302" "F-CAP-06"];
        "client.poll.strange_status" Must on::STRANGE_STATUS => polls::strange_status,
            "an unknown status is neither terminal nor a success",
            ["F-STATE-10"];
        "client.poll.wrapped" Should on::WRAPPED => polls::wrapped,
            "a task is found inside the additional envelope that CometAPI used to return",
            ["F-WRAP-01"];
        "client.poll.nulls" Must on::NULLS => polls::nulls,
            "members that are null are tolerated",
            ["F-CREATE-08"];
        "client.wait.bounded" Must on::STUCK => polls::bounded,
            "a wait times out, even if the task never ends",
            ["F-TIME-03"];
        "client.wait.keeps_id" Must on::STUCK => polls::keeps_id,
            "a wait that times out reports the task id, since the task continues and is charged",
            ["F-KEEP-05"];
        "client.failed.told" Must on::FAILED => polls::failed,
            "a failed task is reported as a failure, although its response is HTTP 200 with code 0",
            ["F-QUERY-09"];
        "client.failed.reason" Must on::FAILED => polls::reason,
            "the reason why a task failed is reported in the service's words",
            ["F-QUERY-09" "F-IMG-10"];
        "client.failed.not_again" Must on::FAILED => polls::not_again,
            "a failed task is not created again automatically, since each create may be charged",
            ["F-PAY-03"];
        "client.failed.no_result" Must on::NO_RESULT => output::no_result,
            "a succeeded task without a video is a failure",
            ["F-QUERY-16"];
        "client.refused.account" Must on::EMPTY_ACCOUNT => failures::permanent,
            "HTTP 429 for an empty account is not retried",
            ["F-CODE-1102" "F-ERR-04" "F-ERR-10"];
        "client.refused.key" Must on::BAD_KEY => failures::permanent,
            "a create that was refused for its key is not retried",
            ["F-CODE-1002"];
        "client.refused.content" Must on::BAD_CONTENT => failures::permanent,
            "a create that was refused for its content is not retried",
            ["F-CODE-1301"];
        "client.refused.reason" Must on::EMPTY_ACCOUNT => failures::says_why,
            "the reason for which a create was refused is reported in the service's words",
            ["F-ERR-04"];
        "client.refused.in_a_200" Must on::REFUSED_IN_200 => failures::in_a_200,
            "a code other than 0 is a refusal, even with HTTP 200",
            ["F-HTTP-01" "F-CODE-0000"];
        "client.busy.retry_after" Must on::BUSY => polls::busy_create,
            "a create that was refused temporarily is not retried before its Retry-After",
            ["F-CAP-06"];
        "client.busy.again" Should on::BUSY => failures::again,
            "a create that was refused temporarily is retried",
            ["F-CODE-1302"];
        "client.lost.one_charge" Must on::LOST => failures::one_charge,
            "a create whose response was lost is charged only once",
            ["F-PAY-01"];
        "client.lost.server_error" Must on::ERROR_AFTER => failures::one_charge,
            "a create that was carried out and answered with a server error is charged only once",
            ["F-PAY-01" "F-CODE-5000"];
        "client.lost.empty" Must on::EMPTY_ANSWER => failures::one_charge,
            "a create with an empty response is charged only once",
            ["F-PAY-01"];
        "client.lost.empty_found" Should on::EMPTY_ANSWER_AT_KLING => failures::found,
            "an empty response is not a refusal: on Kling, the task is found by its external_task_id",
            ["F-PATH-06" "F-PATH-07" "F-PAY-02"];
        "client.lost.found" Should on::LOST_AT_KLING => failures::found,
            "a task whose create response was lost is found on Kling by its external_task_id",
            ["F-PATH-06" "F-PATH-07" "F-PAY-02"];
        "client.lost.names_id" Must on::LOST_AT_COMET => failures::names_id,
            "if a lost create cannot be looked up, the client fails and reports the external_task_id",
            ["F-PATH-11" "F-PAY-01"];
        "client.download.no_key" Must on::SINGLE => output::no_key,
            "the key is not sent to the host of the results",
            ["F-KEEP-03"];
        "client.download.never_half" Must on::HALF => output::never_half,
            "a partial file is never presented as the video",
            ["F-QUERY-02"];
        "client.download.again" Should on::HALF => output::download_again,
            "an interrupted download is retried",
            ["F-KEEP-01"];
        "client.download.refused" Must on::GONE => output::refused_file,
            "an error response is not saved as the video",
            ["F-KEEP-01"];
        "client.download.not_again" Must on::GONE => polls::not_again,
            "a failed download does not create the task again automatically",
            ["F-PAY-03"];
        "client.output.file" Must on::SINGLE => output::file,
            "the complete video is saved at KLING_OUTPUT",
            ["F-QUERY-02"];
        "client.output.result" Must on::SINGLE => output::result,
            "the result contains the task id",
            ["F-CREATE-12"];
        "client.output.no_key" Must on::SINGLE => output::key_unseen,
            "the key is not printed",
            ["F-AUTH-01" "F-AUTH-02"];
    }
}
