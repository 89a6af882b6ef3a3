//! Tasks: querying one, waiting until it ends, and following its changes.

mod events;
mod experience;
mod forecast;
mod handle;
mod poll;
mod saved;
mod timing;
mod verdict;
mod wakeups;
mod watch;

pub use events::{TaskEvent, TaskEvents};
pub(crate) use experience::Experience;
pub use handle::TaskHandle;
pub use poll::{Backoff, PollPolicy, PollSchedule};
pub use saved::SavedTask;
pub use timing::Progress;
pub(crate) use wakeups::Wakeups;
