//! Checks of how a client handles a task's end, and what it leaves behind.

use std::borrow::Cow;

use kling_mock::Operation;

use super::seen::Seen;
use crate::exchange::told;
use crate::target::Stop;

type Judged = Result<(), Stop>;

pub(super) fn no_result(seen: &Seen) -> Judged {
    seen.create()?;
    seen.ensure_failed("the task has no video, and it told of a success")
}

pub(super) fn no_key(seen: &Seen) -> Judged {
    let mut downloads = seen.of(Operation::Asset).peekable();
    seen.ensure(downloads.peek().is_some(), "it did not ask for the video")?;
    let leaks = downloads.any(|entry| entry.headers().contains_key("authorization"));
    seen.ensure(!leaks, "it sent the key to the host of the results")
}

pub(super) fn never_half(seen: &Seen) -> Judged {
    seen.ensure(
        seen.of(Operation::Asset).next().is_some(),
        "it did not ask for the video",
    )?;
    let is_whole = seen.file.is_some() && seen.file == seen.whole;
    seen.ensure(
        is_whole || seen.file.is_none(),
        "the download broke off, and half a file lies where the video should be",
    )?;
    seen.ensure(
        is_whole || !seen.succeeded(),
        "the download broke off, and it told of a success",
    )
}

pub(super) fn download_again(seen: &Seen) -> Judged {
    seen.ensure(
        seen.succeeded() && seen.file.is_some() && seen.file == seen.whole,
        "the download broke off once, and it gave a paid video up",
    )
}

pub(super) fn refused_file(seen: &Seen) -> Judged {
    seen.ensure(
        seen.of(Operation::Asset).next().is_some(),
        "it did not ask for the video",
    )?;
    seen.ensure_failed("the video was refused with 403, and it told of a success")?;
    seen.ensure(
        seen.file.is_none(),
        "the video was refused with 403, and something was saved in its place",
    )
}

pub(super) fn file(seen: &Seen) -> Judged {
    seen.ensure_succeeded("nothing went wrong, and it told of a failure")?;
    seen.ensure(
        seen.file.is_some() && seen.file == seen.whole,
        "what lies at KLING_OUTPUT is not the video",
    )
}

pub(super) fn result(seen: &Seen) -> Judged {
    let created = seen.create()?.task_id().map(Cow::into_owned);
    let id = seen.told("task_id");
    let (is, wanted) = (told(id.as_deref()), told(created.as_deref()));
    seen.ensure(
        id.is_some() && id == created,
        &format!("task_id of its result is {is}, and the task is {wanted}"),
    )
}

pub(super) fn key_unseen(seen: &Seen) -> Judged {
    let shows = |text: &str| text.contains(&seen.key);
    let mut ended = seen.ended.iter();
    let leaks = ended.any(|ended| shows(&ended.stdout) || shows(&ended.stderr));
    seen.ensure(!leaks, "it printed the key")
}
