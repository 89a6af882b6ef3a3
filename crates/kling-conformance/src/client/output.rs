//! Checks of a client's downloads and of its output.

use std::borrow::Cow;

use kling_mock::Operation;

use super::evidence::Evidence;
use crate::checks::Outcome;
use crate::exchange::or_absent;

pub(super) fn no_result(evidence: &Evidence) -> Outcome {
    evidence.create()?;
    evidence.ensure_failed("the task has no video, but it reported a success")
}

pub(super) fn no_key(evidence: &Evidence) -> Outcome {
    let mut downloads = evidence.of(Operation::Asset).peekable();
    evidence.ensure(downloads.peek().is_some(), "it did not request the video")?;
    let leaks = downloads.any(|entry| entry.headers().contains_key("authorization"));
    evidence.ensure(!leaks, "it sent the key to the host of the results")
}

pub(super) fn never_half(evidence: &Evidence) -> Outcome {
    evidence.ensure(
        evidence.of(Operation::Asset).next().is_some(),
        "it did not request the video",
    )?;
    let is_whole = evidence.file.is_some() && evidence.file == evidence.expected_file;
    evidence.ensure(
        is_whole || evidence.file.is_none(),
        "the download was interrupted, and a partial file is at KLING_OUTPUT",
    )?;
    evidence.ensure(
        is_whole || !evidence.succeeded(),
        "the download was interrupted, but it reported a success",
    )
}

pub(super) fn download_again(evidence: &Evidence) -> Outcome {
    evidence.ensure(
        evidence.succeeded() && evidence.file.is_some() && evidence.file == evidence.expected_file,
        "the download was interrupted once, and it gave up a paid video",
    )
}

pub(super) fn refused_file(evidence: &Evidence) -> Outcome {
    evidence.ensure(
        evidence.of(Operation::Asset).next().is_some(),
        "it did not request the video",
    )?;
    evidence.ensure_failed("the video was refused with HTTP 403, but it reported a success")?;
    evidence.ensure(
        evidence.file.is_none(),
        "the video was refused with HTTP 403, but a file was saved",
    )
}

pub(super) fn file(evidence: &Evidence) -> Outcome {
    evidence.ensure_succeeded("there was no fault, but it reported a failure")?;
    evidence.ensure(
        evidence.file.is_some() && evidence.file == evidence.expected_file,
        "the file at KLING_OUTPUT is not the video",
    )
}

pub(super) fn result(evidence: &Evidence) -> Outcome {
    let created = evidence.create()?.task_id().map(Cow::into_owned);
    let id = evidence.reported_id("task_id");
    let (is, wanted) = (or_absent(id.as_deref()), or_absent(created.as_deref()));
    evidence.ensure(
        id.is_some() && id == created,
        &format!("task_id in its result is {is}, but the task is {wanted}"),
    )
}

pub(super) fn key_unseen(evidence: &Evidence) -> Outcome {
    let shows = |text: &str| text.contains(&evidence.key);
    let mut ended = evidence.runs.iter();
    let leaks = ended.any(|ended| shows(&ended.stdout) || shows(&ended.stderr));
    evidence.ensure(!leaks, "it printed the key")
}
