//! The fuzz targets over their seeds: every sample, and what is nasty.

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{json, path, read};

mod checks;

const KEYS: &[&str] = &[
    "code",
    "data",
    "error",
    "effect_scene",
    "id",
    "image",
    "images",
    "input",
    "message",
    "outputs",
    "status",
    "task_id",
    "task_result",
    "task_status",
    "videos",
];

type Check = fn(&[u8]);

const TARGETS: [Check; 3] = [
    checks::decode_request,
    checks::decode_response,
    checks::decode_callback,
];

/// Every file goes to every target: a request is a hostile callback.
#[track_caller]
fn replay(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut count = 0;
    for file in files {
        let bytes = std::fs::read(file.expect("a readable folder").path()).expect("a file");
        for target in TARGETS {
            target(&bytes);
        }
        count += 1;
    }
    count
}

#[test]
fn targets_hold_on_the_samples() {
    assert!(replay(&path("fixtures/samples")) > 40);
}

#[test]
fn targets_hold_on_the_seeds() {
    assert!(replay(&path("fuzz/seeds")) > 10);
}

proptest! {
    #[test]
    fn targets_hold_on_any_json(body in json(KEYS)) {
        let bytes = body.to_string().into_bytes();
        for target in TARGETS {
            target(&bytes);
        }
    }

    #[test]
    fn targets_hold_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        for target in TARGETS {
            target(&bytes);
        }
    }

    /// Cut anywhere, and with one byte changed.
    #[test]
    fn targets_hold_on_damaged_samples(cut: Index, at: Index, byte: u8) {
        for name in ["resp.kling.effects.query.succeed.docshape", "callback.kling.new.docshape"] {
            let mut bytes = read(&format!("fixtures/samples/{name}.json"));
            for target in TARGETS {
                target(&bytes[..cut.index(bytes.len())]);
            }
            let at = at.index(bytes.len());
            bytes[at] = byte;
            for target in TARGETS {
                target(&bytes);
            }
        }
    }
}
