//! What is read of files and devices that others name: never more than a bound,
//! for some have no end.

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

pub(crate) fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| invalid("it is no text (UTF-8)".to_owned()))
}

fn invalid(why: String) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}
