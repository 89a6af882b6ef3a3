//! The serialisable form of a task handle, for another process to resume.

use kling_types::{ExternalTaskId, Scene, TaskId, UnixMillis};
use serde::{Deserialize, Serialize};

/// What another process needs to continue with a task: save it when the task is
/// created, and pass it to [`Effects::resume`](crate::Effects::resume). It holds no
/// secret.
///
/// ```
/// use kling_http::SavedTask;
///
/// let text = r#"{"provider": "comet", "collection": "/v1/videos/effects", "task_id": "2032273960331935744"}"#;
/// let saved: SavedTask = serde_json::from_str(text)?;
/// assert_eq!(saved.task_id.as_str(), "2032273960331935744");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SavedTask {
    /// The name of the provider, such as `comet`; no other provider knows the id.
    pub provider: String,
    /// The path at which the task was created, such as `/v1/videos/effects`.
    pub collection: String,
    /// The task id.
    pub task_id: TaskId,
    /// The external task id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_task_id: Option<ExternalTaskId>,
    /// When it was created, in milliseconds since 1970; progress is estimated from
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<UnixMillis>,
    /// The effect scene, for the run times to expect and to learn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene: Option<Scene>,
}
