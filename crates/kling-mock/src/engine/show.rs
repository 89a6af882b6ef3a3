//! Tasks in the form of answers, and the URLs of their results.

use std::time::Duration;

use kling_types::{
    Amount, BalanceDeduction, ExternalTaskId, Task as Shown, TaskId, TaskInfo, TaskResult,
    TaskStatus, UnixMillis, Video,
};

use super::route::ASSETS;
use super::store::Task;
use crate::clip::Clip;
use crate::ledger::Ledger;
use crate::plan::Standing;
use crate::profile::Profile;
use crate::random::Stream;

/// How long a result is kept after its task ended (*documented*, and the signed
/// URL's expiry agrees, *seen live*).
const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What is needed to show a task, besides the task.
#[derive(Clone, Copy)]
pub(super) struct Show<'a> {
    pub(super) profile: &'a Profile,
    pub(super) ledger: &'a Ledger,
    pub(super) seed: u64,
    /// The origin of result URLs.
    pub(super) origin: &'a str,
    pub(super) account: &'a str,
}

/// A task as a create's answer shows it.
pub(super) fn created(task: &Task) -> Option<Shown> {
    let mut shown = Shown::new(TaskId::new(task.id.to_string())?, TaskStatus::SUBMITTED);
    shown.info = Some(info(task.external_task_id()));
    shown.created_at = Some(task.created);
    shown.updated_at = Some(task.created);
    Some(shown)
}

impl Show<'_> {
    /// A task as a query shows it.
    pub(super) fn queried(&self, task: &Task, standing: &Standing) -> Option<Shown> {
        let mut shown = created(task)?;
        shown.status = standing.status.clone();
        shown.updated_at = Some(standing.since);
        let mut result = TaskResult::default();
        match standing.status.as_str() {
            "failed" => shown.status_msg = task.failure.as_deref().map(str::to_owned),
            "succeed" => {
                shown.status_msg = Some(String::new());
                result.videos.push(self.video(task, standing));
                if self.profile.deductions {
                    shown.unit_deduction = self.ledger.amount(task.charge);
                    // The resource pack pays, so no money is deducted.
                    let mut money = BalanceDeduction::default();
                    (money.quota, money.list_price) = (Some(Amount::ZERO), Some(Amount::ZERO));
                    shown.balance_deduction = Some(money);
                }
            }
            _ => {}
        }
        shown.result = Some(result);
        Some(shown)
    }

    fn video(&self, task: &Task, standing: &Standing) -> Video {
        let mut video = Video::default();
        video.id = TaskId::new(Stream::new(self.seed, "video-id", task.id).digits(18));
        // `format!` would reallocate several times.
        let url = [
            self.origin,
            ASSETS,
            self.account,
            "/",
            &task.id.to_string(),
            "-0.mp4?Expires=",
            &(expiry(standing).get() / 1000).to_string(),
            "&Signature=",
            &signature(self.seed, task),
        ];
        video.url = Some(url.concat());
        if self.profile.video_duration {
            video.duration = task.seconds.to_string().parse().ok();
        }
        if self.profile.watermark_url {
            video.watermark_url = Some(String::new());
        }
        video
    }
}

fn info(external_task_id: Option<ExternalTaskId>) -> TaskInfo {
    let mut info = TaskInfo::default();
    info.external_task_id = external_task_id;
    info
}

/// The time at which the result of a finished task is deleted.
pub(super) fn expiry(standing: &Standing) -> UnixMillis {
    standing.since.saturating_add(RETENTION)
}

pub(super) fn signature(seed: u64, task: &Task) -> String {
    Stream::new(seed, "signature", task.id).letters(32)
}

/// The task's video.
pub(super) fn clip(seed: u64, task: &Task, min_bytes: u64) -> Clip {
    Clip {
        width: 1280,
        height: 720,
        fps: 24,
        seconds: task.seconds,
        seed: Stream::new(seed, "clip", task.id).next(),
        min_bytes,
    }
}

/// The video's entity tag.
pub(super) fn etag(seed: u64, task: &Task) -> String {
    Stream::new(seed, "etag", task.id).letters(16)
}
