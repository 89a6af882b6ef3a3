//! Tasks: asking after one, waiting for its end, seeing every change.

mod events;
mod handle;
mod poll;
mod watch;

pub use events::TaskEvents;
pub use handle::TaskHandle;
pub use poll::PollPolicy;
pub use watch::TaskEvent;
