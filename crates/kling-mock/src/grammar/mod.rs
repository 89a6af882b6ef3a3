//! The common part of the grammars of faults, plans and switches: words, numbers,
//! durations and quoted text, parsed and formatted the same everywhere, and errors
//! that say what is wrong, where, and what was probably meant.

mod cursor;
mod error;
mod show;
mod words;

pub(crate) use cursor::{Cursor, ReadFile, Token};
pub(crate) use error::SyntaxError;
pub(crate) use show::{Quoted, Time, Value};
pub(crate) use words::{choose, nearest, unknown};
