//! `kling conformance vectors`: an implementation held to the test vectors.

use clap::Parser;
use kling_conformance::vectors::{self, Verdict};

use crate::output::{emit, say};

/// Run the test vectors through this program's own code
#[derive(Debug, Parser)]
pub(super) struct VectorsArgs {}

pub(super) async fn run(_: &VectorsArgs) -> Result<bool, String> {
    let all = vectors::all()?;
    let mut failed = 0;
    for vector in &all {
        if let Verdict::Fail(why) = vectors::run(vector) {
            failed += 1;
            emit(&format!(
                "fail  {}: {why}\n      catches: {}",
                vector.name(),
                vector.mistake
            ));
        }
    }
    say(&format!("{} vectors, {failed} failed", all.len()));
    Ok(failed == 0)
}
