//! What is on the wire of Kling's video effects: two photographs and a scene
//! name in, a task out, and in the end a video.
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
//! # How it reads and writes
//!
//! Reading is tolerant: what is absent, null or of an unknown type reads as
//! unset; ids and codes may be numbers, times may be seconds, a status may be
//! any documented synonym. Nothing is lost by it: each object keeps in `extra`
//! what its fields cannot express, and writes it back. Writing is strict: unset
//! fields are omitted, never `null`, and `duration` is a string.
//!
//! A task may come in an envelope, a list, a [callback], a gateway's record, in
//! Kling's older or newer shape: it reads into the same [`Task`]. Of a key that
//! stands twice in an object the last counts; beyond 128 levels, and for numbers
//! beyond a 64-bit float, reading is an error. Integers of 64 bits and finite
//! floats are exact.
//!
//! `Debug` shows neither pictures nor the query of a URL, which may be a
//! signature, nor the values in `extra`.
//!
//! # What is not here
//!
//! No I/O (but for [`ImageSource::file`]), no clock, no HTTP client, no retry:
//! that is `kling-http`. No behaviour of the service: that is `kling-mock`.
//!
//! # How sure a rule is
//!
//! Docs mark where a statement comes from: *documented* by Kling or CometAPI,
//! *seen live* in an answer somebody received, *inferred*, or *contradictory*
//! where sources disagree.
//!
//! # Features
//!
//! `schema`, off by default: the module `schema`, with JSON Schemas of all this.

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
