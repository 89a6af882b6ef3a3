//! `kling conformance vectors`: runs an implementation through the test vectors.

// Doc comments here are help texts, read in a terminal.
#![allow(clippy::doc_markdown)]

use std::time::Duration;

use clap::Parser;
use kling_conformance::vectors::{self, Vector, Verdict};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::{Untold, unless_stopped};
use crate::args::time;
use crate::output::{emit, say};

/// Run the test vectors with this program's own code, or with another implementation
///
/// Another implementation is a shell command that reads JSON objects from stdin, one per line:
/// {"name": …, "suite": …, "input": …}. It answers each with one line on stdout: the name and its
/// result, or {"name": …, "unsupported": true}. See fixtures/README.md.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  kling conformance vectors
  kling conformance vectors --exec 'python3 fixtures/runners/run.py --exec'")]
pub(super) struct VectorsArgs {
    /// The shell command that runs the implementation
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,

    /// The time limit, in seconds or such as 2m
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "60")]
    limit: Duration,

    /// Act as such a command: answer the vectors on stdin with this program's own code
    #[arg(long, conflicts_with = "exec")]
    answer: bool,
}

pub(super) async fn run(args: &VectorsArgs) -> Result<bool, Untold> {
    if args.answer {
        return Ok(answer().await?);
    }
    let judged: Vec<(Vector, Verdict)> = match &args.exec {
        Some(command) => unless_stopped(vectors::run_command(command, args.limit)).await?,
        None => {
            let judge = |vector| {
                let verdict = vectors::run(&vector);
                (vector, verdict)
            };
            vectors::all()?.into_iter().map(judge).collect()
        }
    };
    let (mut failed, mut unsupported) = (0, 0);
    for (vector, verdict) in &judged {
        match verdict {
            Verdict::Fail(why) => {
                failed += 1;
                let (name, mistake) = (vector.name(), &vector.mistake);
                emit(&format!("fail  {name}: {why}\n      catches: {mistake}"));
            }
            Verdict::Unsupported => unsupported += 1,
            _ => {}
        }
    }
    let all = judged.len();
    if unsupported == all {
        return Err("the command supports none of the vectors".to_owned().into());
    }
    let left_out = match unsupported {
        0 => String::new(),
        number => format!(", {number} not supported"),
    };
    say(&format!("{all} vectors, {failed} failed{left_out}"));
    Ok(failed == 0)
}

async fn answer() -> Result<bool, String> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await.map_err(|error| error.to_string())? {
        let answer = vectors::answer(&line);
        emit(&answer.map_err(|why| format!("{line}: {why}"))?);
    }
    Ok(true)
}
