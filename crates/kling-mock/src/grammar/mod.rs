//! What the small languages of faults, plans and switches have in common: words,
//! numbers, times and quotes, read and written the same everywhere, and errors
//! that say what is wrong, where, and what was perhaps meant.

mod cursor;
mod error;
mod show;
mod words;

pub(crate) use cursor::{Cursor, ReadFile, Token};
pub(crate) use error::SyntaxError;
pub(crate) use show::{Quoted, Time, Value};
pub(crate) use words::{choose, nearest, unknown};
