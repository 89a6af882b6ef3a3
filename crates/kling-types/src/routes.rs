//! Paths of the service, below a provider's base URL and prefix: a single source for
//! client, mock and documentation.
//!
//! ```
//! use kling_types::routes;
//!
//! assert_eq!(routes::task(routes::EFFECTS, "my id/1"), "/v1/videos/effects/my%20id%2F1");
//! ```

use std::fmt::Write as _;

/// Video effects: `POST` creates, `GET` lists, `GET` with an id queries.
pub const EFFECTS: &str = "/v1/videos/effects";

/// The path of one task: the collection's path and the id (the service's own,
/// or the caller's external one) as one percent-encoded segment.
pub fn task(collection: &str, id: &str) -> String {
    let mut path = String::with_capacity(collection.len() + 1 + id.len());
    path.push_str(collection);
    path.push('/');
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                path.push(char::from(byte));
            }
            _ => {
                // Writing to a String does not fail.
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    path
}
