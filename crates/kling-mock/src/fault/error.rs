//! `FaultError`: why a text is not a fault.

use std::fmt;

use crate::grammar::SyntaxError;

/// Why a text is not a [`Fault`](super::Fault): what is wrong, where, and what is
/// expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultError(SyntaxError);

impl FaultError {
    /// The position of the error: a character of the text, from 1.
    pub fn column(&self) -> usize {
        self.0.column()
    }

    /// What is wrong, without a final full stop.
    pub fn message(&self) -> &str {
        self.0.message()
    }
}

impl From<SyntaxError> for FaultError {
    fn from(error: SyntaxError) -> Self {
        FaultError(error)
    }
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for FaultError {}
