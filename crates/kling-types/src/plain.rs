//! The fast path for the usual answer, without a tree of JSON values.
//!
//! Nearly every answer is one task in Kling's own shape, with members of the documented
//! types. This module parses such an answer directly, and gives up at the first
//! deviation, such as a null or a number where a string is usual. `wire` and `shape`
//! handle those. An answer that is accepted here gives the same task there.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::status::TaskState;
use crate::task::Task;
use crate::wire::{Field, FromWire, Read};

impl Task {
    /// The task of an answer in the documented shape: a JSON object with `code` 0,
    /// `message`, `request_id` and, in `data`, a task with its id and its status. `None`
    /// for any other answer, in which [`Task::find`] may still find a task.
    ///
    /// [`read_json`](crate::read_json) and [`Task::find`] find the same task in the same
    /// text, and take about twice as long.
    ///
    /// ```
    /// use kling_types::{Task, read_json};
    ///
    /// let answer = br#"{"code": 0, "data": {"task_id": "7", "task_status": "submitted"}}"#;
    /// let task = Task::of_plain_answer(answer);
    /// assert_eq!(task.as_deref(), Task::find(&read_json(answer)?).as_ref());
    ///
    /// let tolerated = br#"{"code": "success", "data": {"task_id": 7, "task_status": "submitted"}}"#;
    /// assert_eq!(Task::of_plain_answer(tolerated), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn of_plain_answer(body: &[u8]) -> Option<Box<Task>> {
        // Parsing a `str` is faster than parsing bytes, where each string is validated.
        let text = str::from_utf8(body).ok()?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let answer: PlainAnswer = object(&mut reader).ok()?;
        reader.end().ok()?;
        Some(answer.task)
    }
}

/// The envelope of a success. Its task, some 500 bytes, is boxed where it is read:
/// moving it from caller to caller takes about as long as parsing it.
struct PlainAnswer {
    task: Box<Task>,
}

impl Object for PlainAnswer {
    fn from_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut code = None;
        let mut message = None;
        let mut request_id = None;
        let mut data = None;
        while let Some(Key(key)) = map.next_key()? {
            match &*key {
                "code" if code.is_none() => code = Some(map.next_value::<i64>()?),
                "message" if message.is_none() => message = Some(map.next_value::<Key<'_>>()?),
                "request_id" if request_id.is_none() => {
                    request_id = Some(map.next_value::<Key<'_>>()?);
                }
                "data" if data.is_none() => data = Some(map.next_value::<PlainTask>()?),
                // Other members beside these may add to the task, or contradict it;
                // of two members with the same key the last one counts.
                _ => return Err(A::Error::custom("not as documented")),
            }
        }
        match (code, data) {
            (Some(0), Some(PlainTask(task))) => Ok(PlainAnswer { task }),
            _ => Err(A::Error::custom("not a success with a task")),
        }
    }
}

/// An object that is read member by member; `wire_object!` implements it.
pub(crate) trait Object: Sized {
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error>;
}

/// Reads an object whose members all have the documented form.
pub(crate) fn object<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Object,
    D: Deserializer<'de>,
{
    struct ByMember<T>(PhantomData<T>);

    impl<'de, T: Object> Visitor<'de> for ByMember<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::from_map(map)
        }
    }

    deserializer.deserialize_map(ByMember(PhantomData))
}

/// Reads a single value; an error unless writing it gives the same JSON again.
pub(crate) fn single<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromWire,
    D: Deserializer<'de>,
{
    match T::from_wire(&Value::deserialize(deserializer)?) {
        Some(Read { value, exact: true }) => Ok(value),
        _ => Err(D::Error::custom("not as documented")),
    }
}

/// Reads a list; an error if it is empty, because writing would omit it.
pub(crate) fn list<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: FromWire,
    D: Deserializer<'de>,
{
    let items = Vec::<Plain<T>>::deserialize(deserializer)?;
    if items.is_empty() {
        return Err(D::Error::custom("an empty list"));
    }
    Ok(items.into_iter().map(|Plain(item)| item).collect())
}

/// A task that has an id, a status and, if it failed, the reason: otherwise the
/// envelope may have them.
struct PlainTask(Box<Task>);

impl<'de> Deserialize<'de> for PlainTask {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let task: Box<Task> = Box::new(object(deserializer)?);
        let is_untold = task.state() == TaskState::Failed && task.failure_reason().is_none();
        if task.status.as_str().is_empty() || is_untold {
            return Err(D::Error::custom("not all of a task"));
        }
        Ok(PlainTask(task))
    }
}

/// A field that is read in this way.
pub(crate) struct Plain<T>(pub(crate) T);

impl<'de, T: Field> Deserialize<'de> for Plain<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read_plain(deserializer).map(Plain)
    }
}

/// The key of a member; borrowed if it has no escapes.
#[derive(Deserialize)]
pub(crate) struct Key<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);
