//! The table of checks of servers. Ids are stable: they are never renamed or reused.

use super::{Check, Kind, account, assets, callbacks, create, lifecycle, list, query, refusals};
use crate::status::Level::{May, Must, Should};

/// Builds the table from async functions.
macro_rules! checks {
    ($($id:literal $level:ident $run:path, $description:literal, [$($fact:literal)*];)*) => {
        &[$(Check {
            id: $id,
            level: $level,
            description: $description,
            facts: &[$($fact),*],
            kind: Kind::Server(|target| Box::pin($run(target))),
        }),*]
    };
}

/// Every check of servers.
#[allow(clippy::too_many_lines)] // It is a table.
pub fn all() -> &'static [Check] {
    checks! {
        "create.accepted" Must create::accepted,
            "a create with two images returns HTTP 200, code 0 and the task in data",
            ["F-PATH-01" "F-REQ-01" "F-REQ-02" "F-REQ-03" "F-REQ-05" "F-REQ-18" "F-CREATE-01" "F-CODE-0000"];
        "create.single" Must create::single,
            "a single-image scene takes its image in input.image",
            ["F-REQ-04" "F-SCENE-03"];
        "create.submitted" Must create::submitted,
            "a new task has the status submitted",
            ["F-CREATE-02"];
        "create.times" Must create::times,
            "created_at and updated_at of a new task are equal, in milliseconds",
            ["F-CREATE-03"];
        "create.id_is_text" Must create::id_is_text,
            "task_id is a string of digits, too long for a floating-point number",
            ["F-CREATE-09" "F-CREATE-10" "F-CREATE-12"];
        "create.message" Should create::message,
            "the message of a create is SUCCEED on Kling; on CometAPI it is success, without a request_id",
            ["F-CREATE-04" "F-CREATE-05"];
        "create.members" Should create::members,
            "a new task has exactly task_id, task_status, task_info, created_at and updated_at",
            ["F-CREATE-06"];
        "create.readable" Must create::readable,
            "a task can be queried as soon as its create was answered",
            ["F-CREATE-15" "F-PATH-02" "F-PATH-10"];
        "create.external_id" Must create::external_id,
            "Kling echoes external_task_id in task_info",
            ["F-CREATE-16" "F-REQ-08"];
        "create.no_duration" Must create::no_duration,
            "Kling accepts a create without a duration",
            ["F-REQ-09"];
        "create.ten_seconds" Must create::ten_seconds,
            "a duration of \"10\" is accepted",
            ["F-REQ-12"];
        "lifecycle.words" Must lifecycle::words,
            "task_status is submitted, processing, succeed or failed",
            ["F-STATE-01"];
        "lifecycle.forward" Must lifecycle::forward,
            "task_status never moves backwards",
            ["F-STATE-01"];
        "lifecycle.ends" Must lifecycle::ends,
            "a task in a terminal status no longer changes",
            ["F-STATE-02"];
        "lifecycle.updated_at" Must lifecycle::updated_at,
            "updated_at changes if and only if the status changes",
            ["F-QUERY-01"];
        "lifecycle.same_task" Must lifecycle::same_task,
            "task_id and created_at never change",
            ["F-PATH-02" "F-QUERY-01"];
        "lifecycle.result" Must lifecycle::result,
            "a task has a result if and only if it succeeded",
            ["F-QUERY-02" "F-QUERY-16"];
        "lifecycle.pixels" Must lifecycle::pixels,
            "a create with too small an image is accepted; the task fails with HTTP 200, code 0 and the reason: Image pixel is invalid",
            ["F-IMG-03" "F-IMG-06" "F-IMG-09" "F-QUERY-09"];
        "query.envelope" Must query::envelope,
            "a query returns the integer code 0 and a message that means success",
            ["F-QUERY-12" "F-CODE-0000" "F-HTTP-02"];
        "query.members" Must query::members,
            "a task on Kling has all documented members",
            ["F-QUERY-01"];
        "query.no_strangers" Should query::no_strangers,
            "an effect task has no progress, cover_image_url or session_id",
            ["F-QUERY-14"];
        "query.running" Should query::running,
            "while a task is processing, CometAPI returns an empty task_result and no task_status_msg",
            ["F-QUERY-07" "F-WRAP-02"];
        "query.video" Must query::video,
            "a video has an id and a url, both strings",
            ["F-QUERY-02"];
        "query.deductions" Should query::deductions,
            "the cost of a task on Kling is a decimal number in a string",
            ["F-QUERY-05" "F-QUERY-06"];
        "query.watermark" Should query::watermark,
            "Kling reports whether a watermarked copy was requested, and its URL or none",
            ["F-QUERY-04" "F-QUERY-13"];
        "query.external_id" Must query::external_id,
            "on Kling, a task can be queried by its external_task_id",
            ["F-PATH-06" "F-PATH-07"];
        "query.unknown" Must refusals::unknown_task,
            "a query for an unknown task returns HTTP 400 with code 1201 and names the id",
            ["F-ERR-02"];
        "list.shape" Must list::shape,
            "Kling's list returns the account's tasks as a plain array in data",
            ["F-PATH-03" "F-LIST-01"];
        "list.same_task" Must list::same_task,
            "an item of Kling's list agrees with a query for the same task",
            ["F-LIST-07"];
        "list.newest_first" Must list::newest_first,
            "Kling's list is sorted newest first",
            ["F-PATH-03"];
        "list.pages" Must list::pages,
            "the pages of Kling's list have no gaps and no duplicates",
            ["F-PATH-03" "F-LIST-04"];
        "list.bounds" Must list::bounds,
            "pageNum ranges from 1 to 1000, and pageSize from 1 to 500",
            ["F-LIST-02" "F-LIST-03"];
        "list.default_page" Must list::default_page,
            "without parameters, Kling's list returns the first page of 30 tasks",
            ["F-LIST-02" "F-LIST-03"];
        "list.no_watermark" Should list::no_watermark,
            "items of Kling's list have no watermark_info",
            ["F-LIST-05"];
        "refusal.no_key" Must refusals::no_key,
            "a request without a key is refused with HTTP 401",
            ["F-CODE-1001" "F-GW-12"];
        "refusal.wrong_key" Must refusals::wrong_key,
            "a request with an invalid key is refused with HTTP 401",
            ["F-AUTH-01" "F-AUTH-02" "F-CODE-1002" "F-ERR-05" "F-GW-12"];
        "refusal.gateway_words" Should refusals::gateway_words,
            "CometAPI's own errors have the type comet_api_error and a message with a request id",
            ["F-GW-01" "F-GW-02" "F-GW-03"];
        "refusal.kling_words" Must refusals::kling_words,
            "Kling's errors have code, message and request_id, and no data",
            ["F-ERR-01"];
        "refusal.malformed" Must refusals::malformed,
            "a body that is not JSON is refused with HTTP 400",
            ["F-CODE-1200" "F-REQ-01"];
        "refusal.wrong_path" Must refusals::wrong_path,
            "an unknown path returns HTTP 404 with code 1203 on Kling, and any error on CometAPI",
            ["F-CODE-1203" "F-PATH-12"];
        "refusal.wrong_method" Must refusals::wrong_method,
            "an unsupported method returns HTTP 404 with code 1202",
            ["F-CODE-1202" "F-PATH-05"];
        "refusal.no_scene" Must refusals::no_scene,
            "a create without effect_scene is refused with HTTP 400 and code 1201",
            ["F-REQ-02" "F-CODE-1201"];
        "refusal.unknown_scene" Must refusals::unknown_scene,
            "an unknown scene is refused with HTTP 400 and code 1201",
            ["F-SCENE-12" "F-ERR-06" "F-ERR-08"];
        "refusal.no_input" Must refusals::no_input,
            "a create without input is refused with HTTP 400 and code 1201",
            ["F-REQ-03"];
        "refusal.no_image" Must refusals::no_image,
            "a missing image is refused with HTTP 400, code 1201 and the message: image can not be null",
            ["F-IMG-08"];
        "refusal.three_images" Must refusals::three_images,
            "three images are refused with HTTP 400 and code 1201",
            ["F-REQ-05"];
        "refusal.one_of_two" Must refusals::one_of_two,
            "one image for a two-image scene is refused with HTTP 400 and code 1201",
            ["F-REQ-05" "F-SCENE-04"];
        "refusal.duration_number" Must refusals::duration_number,
            "a numeric duration is refused with HTTP 400",
            ["F-REQ-11"];
        "refusal.no_duration" Must refusals::no_duration,
            "CometAPI refuses a create without a duration",
            ["F-REQ-10"];
        "refusal.data_prefix" Must refusals::data_prefix,
            "base64 with a data: prefix is refused by the create",
            ["F-IMG-06" "F-IMG-07"];
        "refusal.duplicate" Must refusals::duplicate,
            "Kling refuses a duplicate external_task_id with HTTP 400 and code 1201, and names it",
            ["F-ERR-03" "F-REQ-08"];
        "refusal.leaves_no_task" Must refusals::leaves_no_task,
            "a refused create leaves no task on Kling",
            ["F-ERR-03"];
        "token.accepted" Must account::token_accepted,
            "a signed token (JWT) is accepted in place of a key",
            ["F-JWT-01" "F-JWT-02" "F-JWT-03" "F-JWT-04" "F-JWT-05"];
        "token.forged" Must account::token_forged,
            "a token signed with another secret is refused with HTTP 401",
            ["F-JWT-05" "F-CODE-1002"];
        "token.times" Must account::token_times,
            "a token that is not valid yet is refused with code 1003, an expired one with code 1004",
            ["F-JWT-06" "F-CODE-1003" "F-CODE-1004"];
        "slots.refused" Must account::slots_refused,
            "a create beyond the account's slots is refused with HTTP 429 and code 1303",
            ["F-CAP-02" "F-CODE-1303" "F-ERR-07"];
        "slots.queries" Must account::slots_queries,
            "a query does not occupy a slot",
            ["F-TIME-04"];
        "slots.freed" Must account::slots_freed,
            "a slot is freed when its task ends",
            ["F-CAP-01"];
        "asset.whole" Must assets::whole,
            "a result is a complete MP4 file and is served without a key",
            ["F-KEEP-03" "F-QUERY-02"];
        "asset.head" May assets::head,
            "HEAD of a result returns the Content-Length of GET, and no body",
            ["F-KEEP-03"];
        "asset.range" Should assets::range,
            "a result that advertises byte ranges serves them",
            ["F-KEEP-03"];
        "asset.etag" May assets::etag,
            "a result has a stable ETag",
            ["F-KEEP-03"];
        "asset.expires" Should assets::expires,
            "a signed result URL expires 30 days after the task ended",
            ["F-KEEP-02"];
        "asset.deleted" Must assets::deleted,
            "a result is available for 29 days, and deleted after 30",
            ["F-KEEP-01"];
        "callback.each_change" Must callbacks::each_change,
            "each change of a task's status is posted to its callback_url, in order",
            ["F-CB-01" "F-REQ-07"];
        "callback.shape" Must callbacks::shape,
            "a callback is the task itself as JSON, without an envelope",
            ["F-CB-03" "F-CB-07"];
        "callback.same_task" Must callbacks::same_task,
            "a callback agrees with a query of the task in the same status",
            ["F-CB-03"];
        "callback.signature" Must callbacks::signature,
            "a callback's signature covers the body exactly as it was sent",
            ["F-SIG-01" "F-SIG-02" "F-SIG-03" "F-SIG-04" "F-SIG-06"];
    }
}
