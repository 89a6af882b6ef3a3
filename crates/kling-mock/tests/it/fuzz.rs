//! The fuzz targets over their seeds, over any bytes, and over damaged seeds.

use std::fs;

use kling_mock::fuzz::{check_fault, check_request, check_token};
use proptest::prelude::*;
use proptest::sample::Index;

type Check = fn(&[u8]);

const TARGETS: [(&str, Check); 3] = [
    ("request", check_request),
    ("fault", check_fault),
    ("token", check_token),
];

/// The seeds of a target, by their names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/mock-seeds");
    let folder = fs::read_dir(format!("{seeds}/{target}")).expect("a folder");
    let mut paths: Vec<_> = folder.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    let read = |path| fs::read(path).expect("a file");
    paths.iter().map(read).collect()
}

#[test]
fn targets_hold_on_the_seeds() {
    for (name, check) in TARGETS {
        let seeds = seeds(name);
        assert!(seeds.len() > 8, "{name}");
        for seed in seeds {
            check(&seed);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn targets_hold_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        for (_, check) in TARGETS {
            check(&bytes);
        }
    }

    /// Cut anywhere, with one byte changed, and with the end of another.
    #[test]
    fn targets_hold_on_damaged_seeds(which: Index, other: Index, cut: Index, at: Index, byte: u8) {
        for (name, check) in TARGETS {
            let seeds = seeds(name);
            let mut bytes = which.get(&seeds).clone();
            let cut = cut.index(bytes.len());
            check(&bytes[..cut]);
            let end = other.get(&seeds);
            check(&[&bytes[..cut], &end[cut.min(end.len())..]].concat());
            let at = at.index(bytes.len());
            bytes[at] = byte;
            check(&bytes);
        }
    }
}
