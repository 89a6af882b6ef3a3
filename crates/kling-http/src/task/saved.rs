//! The serialisable form of a task handle, for another process to resume.

use kling_types::{ExternalTaskId, Scene, TaskId, UnixMillis};
use serde::{Deserialize, Serialize};

/// All that another process needs to go on with a task: write it down when the
/// task is created, and give it to [`Effects::resume`](crate::Effects::resume).
/// It holds no secret.
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
    /// The provider's name, such as `comet`: nobody else knows the id.
    pub provider: String,
    /// The path that the task was created at, such as `/v1/videos/effects`.
    pub collection: String,
    /// The service's id.
    pub task_id: TaskId,
    /// The caller's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_task_id: Option<ExternalTaskId>,
    /// When it was created, in milliseconds since 1970: how far it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<UnixMillis>,
    /// The effect: which run times to expect, and to learn from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scene: Option<Scene>,
}
