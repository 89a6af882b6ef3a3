//! The table of checks of clients. Ids are stable: never renamed, never reused.

use super::scenario as on;
use super::{create, ending, lost, polls};
use crate::checks::{Check, How};
use crate::status::Level::{Must, Should};

/// Makes a table of checks out of scenarios and judges.
macro_rules! checks {
    ($($id:literal $level:ident $scenario:path => $judge:path, $sentence:literal, [$($fact:literal)*];)*) => {
        static CHECKS: &[Check] = &[$(Check {
            id: $id,
            level: $level,
            sentence: $sentence,
            facts: &[$($fact),*],
            how: How::Watches(&$scenario, $judge),
        }),*];
        CHECKS
    };
}

/// Every check of clients.
#[allow(clippy::too_many_lines)] // It is a table.
pub fn all() -> &'static [Check] {
    checks! {
        "client.create.request" Must on::SINGLE => create::request,
            "a create is JSON by its content type, with the key as a Bearer token",
            ["F-REQ-01" "F-AUTH-01" "F-AUTH-02"];
        "client.create.scene" Must on::SINGLE => create::scene,
            "the scene is in effect_scene, the one picture in input.image",
            ["F-PATH-01" "F-REQ-02" "F-REQ-03" "F-REQ-04" "F-REQ-16"];
        "client.create.pair" Must on::PAIR => create::pair,
            "two pictures are in input.images, the left one first",
            ["F-REQ-05" "F-REQ-06"];
        "client.create.base64" Must on::SINGLE => create::base64,
            "a file is sent in base64, in one piece and without a data: prefix",
            ["F-IMG-06" "F-IMG-07"];
        "client.create.duration" Must on::SINGLE => create::duration,
            "a duration is a text, and CometAPI gets one",
            ["F-REQ-10" "F-REQ-11"];
        "client.create.no_null" Must on::SINGLE => create::no_null,
            "what is not set is left out, not null",
            ["F-REQ-17"];
        "client.create.external_id" Should on::SINGLE => create::external_id,
            "every create carries an external_task_id, by which a lost task is found again",
            ["F-REQ-08" "F-PAY-02"];
        "client.create.fresh_id" Must on::PAIR => create::fresh_id,
            "each job has an external_task_id of its own",
            ["F-REQ-08"];
        "client.create.any_scene" Should on::NEW_SCENE => create::any_scene,
            "a scene that the client does not know is sent: the service decides",
            ["F-SCENE-09"];
        "client.create.small_picture" Should on::SMALL_PICTURE => create::small_picture,
            "a picture that is too small is told before it is paid",
            ["F-IMG-03" "F-IMG-09"];
        "client.poll.path" Must on::SINGLE => polls::path,
            "a task is asked after below the path that created it",
            ["F-PATH-02" "F-PATH-09"];
        "client.poll.id" Must on::PAIR => polls::id,
            "a task's id is used as it was told, digit by digit",
            ["F-PATH-10" "F-CREATE-12"];
        "client.poll.interval" Must on::SINGLE => polls::interval,
            "queries come no faster than they should",
            ["F-TIME-03"];
        "client.poll.stops" Must on::SINGLE => polls::stops,
            "a task that has ended is not asked after again",
            ["F-STATE-02"];
        "client.poll.failed_query" Must on::LOST_QUERIES => polls::failed_query,
            "a query that fails is not the end of a task that is paid",
            ["F-CODE-5001" "F-GW-12"];
        "client.poll.retry_after" Must on::BUSY_QUERY => polls::retry_after,
            "a query that is refused for now comes again, after its Retry-After",
            ["F-CODE-1302" "F-CAP-06"];
        "client.poll.strange_status" Must on::STRANGE_STATUS => polls::strange_status,
            "a status that the client does not know is neither an end nor a success",
            ["F-STATE-10"];
        "client.poll.wrapped" Should on::WRAPPED => polls::wrapped,
            "a task is found within the envelope that CometAPI once put around it",
            ["F-WRAP-01"];
        "client.poll.nulls" Must on::NULLS => polls::nulls,
            "members may be null",
            ["F-CREATE-08"];
        "client.wait.bounded" Must on::STUCK => polls::bounded,
            "a wait ends in time, also where the task does not",
            ["F-TIME-03"];
        "client.wait.keeps_id" Must on::STUCK => polls::keeps_id,
            "a wait that ends early tells the id of the task, which goes on and is charged",
            ["F-KEEP-05"];
        "client.failed.told" Must on::FAILED => polls::failed,
            "a failed task is a failure, though it is HTTP 200 with code 0",
            ["F-QUERY-09"];
        "client.failed.reason" Must on::FAILED => polls::reason,
            "why a task failed is told in the service's words",
            ["F-QUERY-09" "F-IMG-10"];
        "client.failed.not_again" Must on::FAILED => polls::not_again,
            "a task that failed is not created again unasked: each one may be charged",
            ["F-PAY-03"];
        "client.failed.no_result" Must on::NO_RESULT => ending::no_result,
            "a success without a video is none",
            ["F-QUERY-16"];
        "client.refused.account" Must on::EMPTY_ACCOUNT => lost::permanent,
            "HTTP 429 for an empty account is not repeated",
            ["F-CODE-1102" "F-ERR-04" "F-ERR-10"];
        "client.refused.key" Must on::BAD_KEY => lost::permanent,
            "a create whose key is refused is not repeated",
            ["F-CODE-1002"];
        "client.refused.content" Must on::BAD_CONTENT => lost::permanent,
            "a create whose content is refused is not repeated",
            ["F-CODE-1301"];
        "client.refused.reason" Must on::EMPTY_ACCOUNT => lost::says_why,
            "why a create was refused is told in the service's words",
            ["F-ERR-04"];
        "client.refused.in_a_200" Must on::REFUSED_IN_200 => lost::in_a_200,
            "a code other than 0 is a refusal, also with HTTP 200",
            ["F-HTTP-01" "F-CODE-0000"];
        "client.busy.retry_after" Must on::BUSY => polls::busy_create,
            "a create that is refused for now comes again after its Retry-After, not sooner",
            ["F-CAP-06"];
        "client.busy.again" Should on::BUSY => lost::again,
            "a create that is refused for now comes again",
            ["F-CODE-1302"];
        "client.lost.one_charge" Must on::LOST => lost::one_charge,
            "a create whose answer was lost is charged once",
            ["F-PAY-01"];
        "client.lost.server_error" Must on::ERROR_AFTER => lost::one_charge,
            "a create that an error followed is charged once",
            ["F-PAY-01" "F-CODE-5000"];
        "client.lost.empty" Must on::EMPTY_ANSWER => lost::one_charge,
            "a create whose answer is empty is charged once",
            ["F-PAY-01"];
        "client.lost.empty_found" Should on::EMPTY_ANSWER_AT_KLING => lost::found,
            "an empty answer is no refusal: on Kling the task is found by its external id",
            ["F-PATH-06" "F-PATH-07" "F-PAY-02"];
        "client.lost.found" Should on::LOST_AT_KLING => lost::found,
            "a task whose create was lost on Kling is found by its external id",
            ["F-PATH-06" "F-PATH-07" "F-PAY-02"];
        "client.lost.names_id" Must on::LOST_AT_COMET => lost::names_id,
            "where a lost create can't be looked up, that is a failure which tells the external_task_id",
            ["F-PATH-11" "F-PAY-01"];
        "client.download.no_key" Must on::SINGLE => ending::no_key,
            "the host of the results does not get the key",
            ["F-KEEP-03"];
        "client.download.never_half" Must on::HALF => ending::never_half,
            "half a file is never taken for the video",
            ["F-QUERY-02"];
        "client.download.again" Should on::HALF => ending::download_again,
            "a download that broke off is made again",
            ["F-KEEP-01"];
        "client.download.refused" Must on::GONE => ending::refused_file,
            "an answer that is an error is not saved as a video",
            ["F-KEEP-01"];
        "client.download.not_again" Must on::GONE => polls::not_again,
            "a video that can't be had is not created again unasked",
            ["F-PAY-03"];
        "client.output.file" Must on::SINGLE => ending::file,
            "the video is where it should be, whole",
            ["F-QUERY-02"];
        "client.output.result" Must on::SINGLE => ending::result,
            "the result tells the id of the task",
            ["F-CREATE-12"];
        "client.output.no_key" Must on::SINGLE => ending::key_unseen,
            "the key is not printed",
            ["F-AUTH-01" "F-AUTH-02"];
    }
}
