//! Bounded reads of files that the user names, as some (devices, pipes) have no end.

use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// All of it, if it is no longer than this many bytes.
pub(crate) fn read_up_to(most: u64, from: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(invalid(format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}

/// The same of a text in a file.
pub(crate) fn text_up_to(most: u64, path: &Path) -> Result<String> {
    read_up_to(most, std::fs::File::open(path)?).and_then(text)
}

pub(crate) fn text(mut bytes: Vec<u8>) -> Result<String> {
    bytes.drain(..bytes.len() - without_mark(&bytes).len());
    String::from_utf8(bytes).map_err(|_| invalid("it is no text (UTF-8)".to_owned()))
}

/// What follows the byte order mark, with which editors of Windows begin a file: it
/// says that the text is UTF-8, and is no part of it.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}

fn invalid(why: String) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}
