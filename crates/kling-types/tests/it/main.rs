//! The crate from outside.

#[cfg(feature = "schema")]
mod schema;
