//! Parse errors, with their position.

use std::fmt;

/// What is wrong, where, and what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    column: usize,
    message: String,
}

impl SyntaxError {
    pub(super) fn new(column: usize, message: impl Into<String>) -> Self {
        SyntaxError {
            column,
            message: message.into(),
        }
    }

    /// The position of the error: a character of the text, from 1.
    pub(crate) fn column(&self) -> usize {
        self.column
    }

    /// What is wrong, without a final full stop.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}
