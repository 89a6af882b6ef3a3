//! `kling-bench` measures every figure that the project claims, in comparison with
//! alternatives. `cargo xtask bench` builds and runs it.

// A command-line program prints.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod baseline;
mod builds;
mod cli;
mod growth;
mod http;
mod measure;
mod mock;
mod one_buffer;
mod programs;
mod report;
mod types;

use std::error::Error;
use std::process::ExitCode;

use report::Report;

/// A benchmark.
struct Bench {
    name: &'static str,
    /// Whether it counts (bytes, allocations, calls) rather than measures time. Counts are
    /// the same on every machine, so that their goals can be checked anywhere.
    counted: bool,
    run: fn(&mut Report),
}

static BENCHES: &[Bench] = &[
    // First, since memory that other benchmarks freed would hide its own usage.
    Bench {
        name: "mock-memory",
        counted: false,
        run: mock::memory::run,
    },
    // Early, since a fragmented heap would affect the two sides differently.
    Bench {
        name: "http-create",
        counted: false,
        run: http::create::time,
    },
    Bench {
        name: "http-download",
        counted: false,
        run: http::download::run,
    },
    Bench {
        name: "mock-tasks",
        counted: true,
        run: mock::tasks::bytes,
    },
    Bench {
        name: "mock-flat",
        counted: false,
        run: mock::tasks::flat,
    },
    Bench {
        name: "mock-lifecycle",
        counted: false,
        run: mock::lifecycle::run,
    },
    Bench {
        name: "mock-poll",
        counted: false,
        run: mock::poll::run,
    },
    Bench {
        name: "mock-start",
        counted: false,
        run: mock::start::run,
    },
    Bench {
        name: "mock-ready",
        counted: false,
        run: cli::ready,
    },
    Bench {
        name: "http-get",
        counted: false,
        run: http::get::run,
    },
    Bench {
        name: "http-answer",
        counted: false,
        run: http::answer::run,
    },
    Bench {
        name: "http-create-memory",
        counted: true,
        run: http::create::memory,
    },
    Bench {
        name: "http-virtual",
        counted: false,
        run: http::virtual_time::run,
    },
    Bench {
        name: "http-polling",
        counted: true,
        run: http::polling::run,
    },
    Bench {
        name: "http-waiters",
        counted: true,
        run: http::waiters::run,
    },
    Bench {
        name: "types-one-buffer",
        counted: true,
        run: one_buffer::run,
    },
    Bench {
        name: "types-decode",
        counted: false,
        run: types::run,
    },
];

const USAGE: &str = "usage: kling-bench [--gate] [--counted] [--json FILE] [--plot FILE] [--all DIR] [--builds] [NAME ...]";

struct Args {
    gate: bool,
    counted: bool,
    json: Option<String>,
    /// The file for the plot of how costs grow. Other benchmarks then run only by name.
    plot: Option<String>,
    /// The directory with the programs in other languages, to be measured too.
    all: Option<String>,
    /// Measure cold builds. Other benchmarks then run only by name.
    builds: bool,
    names: Vec<String>,
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Args, String> {
    let mut parsed = Args {
        gate: false,
        counted: false,
        json: None,
        plot: None,
        all: None,
        builds: false,
        names: Vec::new(),
    };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--gate" => parsed.gate = true,
            "--counted" => parsed.counted = true,
            "--json" => parsed.json = Some(args.next().ok_or("--json needs a file")?),
            "--builds" => parsed.builds = true,
            "--plot" => parsed.plot = Some(args.next().ok_or("--plot needs a file")?),
            "--all" => parsed.all = Some(args.next().ok_or("--all needs a directory")?),
            name if BENCHES.iter().any(|bench| bench.name == name) => parsed.names.push(arg),
            other => {
                let known: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
                return Err(format!(
                    "no benchmark `{other}`; the benchmarks are {}",
                    known.join(", ")
                ));
            }
        }
    }
    Ok(parsed)
}

fn main() -> ExitCode {
    let args = match parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let wanted = |bench: &&Bench| {
        (args.names.is_empty() && args.plot.is_none() && !args.builds
            || args.names.iter().any(|name| name == bench.name))
            && (bench.counted || !args.counted)
    };
    let mut report = Report::default();
    let mut failed = Vec::new();
    for bench in BENCHES.iter().filter(wanted) {
        eprintln!("{} ...", bench.name);
        let before = report.rows();
        (bench.run)(&mut report);
        if !report.is_whole_since(before) {
            failed.push(bench.name);
        }
    }
    if let Err(error) = optional(&args, &mut report) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    println!("{}", report.table());
    if cfg!(debug_assertions) {
        println!("\nThis is a debug build: sizes are small and timings meaningless.");
    }
    if let Some(path) = &args.json
        && let Err(error) = std::fs::write(path, report.json())
    {
        eprintln!("{path}: {error}");
        return ExitCode::FAILURE;
    }
    if !failed.is_empty() {
        eprintln!("failed: {}", failed.join(", "));
        return ExitCode::FAILURE;
    }
    if args.gate && !report.all_met() {
        eprintln!("a goal was missed, or no benchmark with a goal was run");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The optional measurements.
fn optional(args: &Args, report: &mut Report) -> Result<(), Box<dyn Error>> {
    if let Some(path) = &args.plot {
        growth::plot(report, path.as_ref())?;
    }
    if let Some(directory) = &args.all {
        programs::run(report, directory.as_ref())?;
    }
    if args.builds {
        builds::run(report)?;
    }
    Ok(())
}
