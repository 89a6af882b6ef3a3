//! A task and its result.

use crate::amount::{Amount, Seconds};
use crate::ids::{ExternalTaskId, TaskId};
use crate::status::{TaskState, TaskStatus};
use crate::time::UnixMillis;
use crate::wire::{read_as_fields, wire_object};

wire_object! {
    /// One task, as a create, a query, a list and a callback show it.
    ///
    /// On its own it reads and writes in Kling's shape for these paths, with
    /// `task_id`. As the `data` of an envelope, an item of a list or the body of
    /// a callback it is also found in the newer flat shape (`id`, `status`,
    /// `outputs`) and inside a gateway's own record of it (`data.data`,
    /// `data.data.data`); those are written back as they came.
    pub struct Task {
        /// The task id.
        "task_id" => id: TaskId,
        /// The status.
        "task_status" => status: TaskStatus,
        /// Why it failed. Empty or absent otherwise. A failed task is an HTTP
        /// 200 with code 0: this text is the only reason there is (*documented*).
        "task_status_msg" => status_msg: Option<String>,
        /// What the create said about it.
        "task_info" => info: Option<TaskInfo>,
        /// The result; `{}` or absent until it succeeds.
        "task_result" => result: Option<TaskResult>,
        /// Whether a watermarked copy was asked for. Absent in lists.
        "watermark_info" => watermark_info: Option<WatermarkInfo>,
        /// Units taken from a resource pack (since 2026-01-23, *documented*).
        "final_unit_deduction" => unit_deduction: Option<Amount>,
        /// Money taken from the balance (*documented*).
        "final_balance_deduction" => balance_deduction: Option<BalanceDeduction>,
        /// When it was created.
        "created_at" => created_at: Option<UnixMillis>,
        /// When its status changed last.
        "updated_at" => updated_at: Option<UnixMillis>,
    }
}

impl Task {
    /// A new task with nothing but an id and a status.
    pub fn new(id: TaskId, status: TaskStatus) -> Self {
        Task {
            id,
            status,
            status_msg: None,
            info: None,
            result: None,
            watermark_info: None,
            unit_deduction: None,
            balance_deduction: None,
            created_at: None,
            updated_at: None,
            extra: crate::Extra::new(),
        }
    }

    /// What the status means.
    pub fn state(&self) -> TaskState {
        self.status.state()
    }

    /// The finished videos; empty until it succeeds.
    pub fn videos(&self) -> &[Video] {
        self.result.as_ref().map_or(&[], |result| &result.videos)
    }

    /// The external task id.
    pub fn external_id(&self) -> Option<&ExternalTaskId> {
        self.info.as_ref()?.external_task_id.as_ref()
    }

    /// Why it failed, if it did and the service says so.
    pub fn failure_reason(&self) -> Option<&str> {
        let reason = self
            .status_msg
            .as_deref()
            .filter(|text| !text.trim().is_empty());
        (self.state() == TaskState::Failed).then_some(reason)?
    }
}

wire_object! {
    /// What the create of a task said about it.
    #[derive(Default)]
    pub struct TaskInfo {
        /// The external task id.
        "external_task_id" => external_task_id: Option<ExternalTaskId>,
        /// The video it was made from (callbacks, *documented*).
        "parent_video" => parent_video: Option<Video>,
    }
}

wire_object! {
    /// The result of a task.
    #[derive(Default)]
    pub struct TaskResult {
        /// Videos: one for an effect.
        "videos" => videos: Vec<Video>,
        /// Images: none for an effect.
        "images" => images: Vec<Image>,
    }
}

wire_object! {
    /// A finished video. The service deletes it 30 days after the task ended
    /// (*documented*; the signed URL's expiry agrees, *seen live*).
    #[derive(Default)]
    pub struct Video {
        /// The video's own id.
        "id" => id: Option<TaskId>,
        /// Where to download it, without credentials. Signed: keep it secret.
        "url" => url: Option<String>,
        /// The copy with a watermark; may be empty or absent.
        "watermark_url" => watermark_url: Option<String>,
        /// Its length. Absent on effects since 2026-01 (*contradictory*).
        "duration" => duration: Option<Seconds>,
    }
}

fn address_in(url: Option<&str>) -> Option<&str> {
    url.map(str::trim).filter(|url| !url.is_empty())
}

impl Video {
    /// Where to download it, if the service says; an empty text says nothing.
    pub fn address(&self) -> Option<&str> {
        address_in(self.url.as_deref())
    }
}

impl Image {
    /// Where to download it, if the service says; an empty text says nothing.
    pub fn address(&self) -> Option<&str> {
        address_in(self.url.as_deref())
    }
}

wire_object! {
    /// A finished image.
    #[derive(Default)]
    pub struct Image {
        /// Its place in the series, from 0.
        "index" => index: Option<i64>,
        /// Where to download it.
        "url" => url: Option<String>,
    }
}

wire_object! {
    /// Whether a watermarked copy was asked for.
    #[derive(Default)]
    pub struct WatermarkInfo {
        /// True if so.
        "enabled" => enabled: Option<bool>,
    }
}

wire_object! {
    /// Money that a task took from the balance (*documented*; strings).
    #[derive(Default)]
    pub struct BalanceDeduction {
        /// After discounts.
        "quota" => quota: Option<Amount>,
        /// Before discounts.
        "list_price" => list_price: Option<Amount>,
    }
}

// A task itself comes in more shapes: see `shape`.
read_as_fields!(
    TaskInfo,
    TaskResult,
    Video,
    Image,
    WatermarkInfo,
    BalanceDeduction,
);
