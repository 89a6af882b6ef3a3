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

/// Run the test vectors through this program's own code, or through another implementation
///
/// That is a command for the shell which reads one JSON object a line on stdin, {"name": …, "suite":
/// …, "input": …}, and answers each with one on stdout: the name, and what is expected of the vector
/// as it has it, or {"name": …, "unsupported": true}. fixtures/README.md tells more.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  kling conformance vectors
  kling conformance vectors --exec 'python3 fixtures/runners/run.py --exec'")]
pub(super) struct VectorsArgs {
    /// The implementation, as one would write it in a shell
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,

    /// The longest that it may take, in seconds or such as 2m
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "60")]
    limit: Duration,

    /// Be such a command: answer what comes on stdin with this program's own code
    #[arg(long, conflicts_with = "exec")]
    answer: bool,
}

pub(super) async fn run(args: &VectorsArgs) -> Result<bool, Untold> {
    if args.answer {
        return Ok(answer().await?);
    }
    let judged: Vec<(Vector, Verdict)> = match &args.exec {
        Some(command) => unless_stopped(vectors::run_through(command, args.limit)).await?,
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
        return Err("the command supports no vector at all".to_owned().into());
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
