//! Wire types of Kling's video effects API: one or two photographs and a scene
//! name go in, a task comes out, and in the end a video.
//!
//! ```
//! use kling_types::{EffectRequest, ImageSource, Scene, TaskEnvelope};
//!
//! let request = EffectRequest::dual(
//!     Scene::HUG_PRO,
//!     ImageSource::url("https://example.com/left.jpg"),
//!     ImageSource::url("https://example.com/right.jpg"),
//! );
//! assert!(request.validate().is_empty());
//! assert_eq!(
//!     serde_json::to_string(&request)?,
//!     r#"{"effect_scene":"hug_pro","input":{"images":["https://example.com/left.jpg","https://example.com/right.jpg"]}}"#
//! );
//!
//! let answer: TaskEnvelope = serde_json::from_str(
//!     r#"{"code":0,"message":"success","data":{"task_id":"2032273960331935744","task_status":"submitted"}}"#,
//! )?;
//! assert_eq!(answer.data.expect("a task").id.as_str(), "2032273960331935744");
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # Reading and writing
//!
//! Reading is tolerant: a member that is absent, null or of an unexpected type
//! reads as unset; ids and codes may be numbers, times may be in seconds, and a
//! status may be any documented synonym. It is also lossless: each object keeps in
//! `extra` what its fields can't express, and writes it back. Writing is strict:
//! unset fields are omitted, never `null`, and `duration` is a string.
//!
//! A task may arrive in an envelope, a list, a [callback] or a gateway's record,
//! in Kling's older or newer shape: it always reads into the same [`Task`]. If an
//! object has the same key twice, the last one counts. Nesting beyond 128 levels
//! and numbers beyond the range of a 64-bit float are errors. 64-bit integers and
//! finite floats are exact.
//!
//! `Debug` shows no picture, no query of a URL (which may be a signature), and no
//! value in `extra`.
//!
//! # What is not here
//!
//! This crate has no I/O (except [`ImageSource::file`]), no clock, no HTTP client and
//! no retries: see `kling-http`. The behaviour of the service is in `kling-mock`.
//!
//! # Evidence
//!
//! The documentation marks the source of each statement about the service:
//! *documented* by Kling or CometAPI, *seen live* in an answer that somebody
//! received, *inferred*, or *contradictory* where sources disagree.
//!
//! # Features
//!
//! `schema` (off by default): the module `schema`, with JSON Schemas of these types.

pub mod callback;
pub mod code;
pub mod image;
pub mod routes;
pub mod scene;
#[cfg(feature = "schema")]
pub mod schema;
pub mod validate;

mod amount;
mod envelope;
mod ids;
mod json;
mod media;
mod open_enum;
mod plain;
mod redact;
mod request;
mod service_error;
mod shape;
mod status;
mod task;
mod time;
mod wire;

pub use amount::{Amount, ParseAmountError, Seconds};
pub use callback::TaskCallback;
pub use code::ApiCode;
pub use envelope::{TaskEnvelope, TaskListEnvelope, WireCode};
pub use ids::{ExternalTaskId, TaskId, uuid_v4};
pub use json::read_json;
pub use media::ImageSource;
pub use open_enum::UnknownValue;
pub use redact::without_signatures;
pub use request::{
    ClipLength, DualImageInput, EffectInput, EffectRequest, InputOptions, Mode, ModelName,
    SingleImageInput,
};
pub use scene::Scene;
pub use service_error::{ErrorShape, ServiceError};
pub use status::{TaskState, TaskStatus};
pub use task::{BalanceDeduction, Image, Task, TaskInfo, TaskResult, Video, WatermarkInfo};
pub use time::UnixMillis;
pub use validate::Violation;
pub use wire::Extra;
