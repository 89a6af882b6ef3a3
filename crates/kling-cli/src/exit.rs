//! Exit codes: one table, from which the help, `kling exit-codes` and `docs/exit-
//! codes.md` are generated.

use std::fmt::Write as _;
use std::process::ExitCode;

use kling_http::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::output::{emit, print};

/// What a script can tell from the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok = 0,
    Usage = 2,
    Auth = 3,
    Account = 4,
    Refused = 5,
    TaskFailed = 6,
    Timeout = 7,
    Unavailable = 8,
    MaybeSent = 9,
    NotSaved = 10,
    Unprinted = 11,
    NotVerified = 12,
    Interrupted = 130,
}

/// What an exit code means.
struct Class {
    exit: Exit,
    /// A stable name for scripts; also a job's state where there are several.
    name: &'static str,
    meaning: &'static str,
    /// Whether anything is charged.
    paid: &'static str,
    next: &'static str,
}

const TABLE: [Class; 13] = [
    Class {
        exit: Exit::Ok,
        name: "done",
        meaning: "done",
        paid: "yes, where a task was created",
        next: "-",
    },
    Class {
        exit: Exit::Usage,
        name: "usage",
        meaning: "wrong arguments, files or settings; nothing was sent",
        paid: "no",
        next: "fix what the message names",
    },
    Class {
        exit: Exit::Auth,
        name: "auth",
        meaning: "the service does not accept the key",
        paid: "no",
        next: "check the key and its provider (--provider), then run the command again",
    },
    Class {
        exit: Exit::Account,
        name: "account",
        meaning: "the account has no balance left, or no permission",
        paid: "no",
        next: "resolve it with the provider, then run the command again",
    },
    Class {
        exit: Exit::Refused,
        name: "refused",
        meaning: "the service refused the request, or has no such task; nothing was charged",
        paid: "no",
        next: "change what the message names",
    },
    Class {
        exit: Exit::TaskFailed,
        name: "failed",
        meaning: "the task failed; the reason is printed",
        paid: "not known: what failed tasks cost is not documented",
        next: "read the reason; a new task is charged again",
    },
    Class {
        exit: Exit::Timeout,
        name: "timeout",
        meaning: "the task did not finish before the timeout; it keeps running",
        paid: "yes",
        next: "kling resume FILE, or kling wait ID",
    },
    Class {
        exit: Exit::Unavailable,
        name: "unavailable",
        meaning: "the service can't be reached or failed; no task was created, or it keeps running",
        paid: "where the message says so",
        next: "kling resume FILE if the message names one, else run the command again",
    },
    Class {
        exit: Exit::MaybeSent,
        name: "maybe_sent",
        meaning: "the task may have been created and charged, but its answer was lost",
        paid: "possibly",
        next: "kling resume FILE; at CometAPI, look for the task in your account first",
    },
    Class {
        exit: Exit::NotSaved,
        name: "not_saved",
        meaning: "the video was made but could not be saved; it is kept for 30 days",
        paid: "yes",
        next: "kling resume FILE, or kling download ID",
    },
    Class {
        exit: Exit::Unprinted,
        name: "unprinted",
        meaning: "done, but the output could not be written to stdout completely",
        paid: "yes, where a task was created",
        next: "free some space, then query the task (kling get ID); a saved video is complete",
    },
    Class {
        exit: Exit::NotVerified,
        name: "not_verified",
        meaning: "the callback has no valid signature, or is too old",
        paid: "no",
        next: "do not act on it; query the task instead (kling get ID)",
    },
    Class {
        exit: Exit::Interrupted,
        name: "interrupted",
        meaning: "interrupted; a task that was created keeps running",
        paid: "where the message says so",
        next: "kling resume FILE if the message names one",
    },
];

/// Which code is used where several apply.
const WHICH: &str = "\
Once a task exists, errors that would exit with 2 to 5 exit with 8: it runs and is charged.
With several jobs, the first that failed sets the exit code; an interruption takes precedence.";

/// The codes in the help of the program.
pub(crate) fn help() -> String {
    let mut text = "Exit codes:\n".to_owned();
    for class in &TABLE {
        // Writing to a string can't fail.
        let _ = writeln!(text, "  {:>3}  {}", class.exit.code(), class.meaning);
    }
    text + WHICH
}

/// Explain the exit codes: what each means, whether anything was paid, what to do next.
///
/// `kling conformance` has codes of its own: 0 conforms, 1 does not conform, 2 could not be tested, and 11 and 130 as below.
#[derive(Debug, clap::Args)]
#[command(after_help = help(), after_long_help = long_help())]
pub(crate) struct ExitCodesArgs {
    /// Print each as a line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &ExitCodesArgs) -> ExitCode {
    if !args.json {
        print(&long_help());
        return Exit::Ok.into();
    }
    for class in &TABLE {
        emit(&json!({
            "event": "exit_code",
            "code": class.exit.code(),
            "name": class.name,
            "meaning": class.meaning,
            "paid": class.paid,
            "next": class.next,
        }));
    }
    Exit::Ok.into()
}

fn long_help() -> String {
    let mut text = "Exit codes:\n".to_owned();
    for class in &TABLE {
        let _ = writeln!(
            text,
            "  {:>3}  {}: {}\n       paid: {}\n       next: {}",
            class.exit.code(),
            class.name,
            class.meaning,
            class.paid,
            class.next
        );
    }
    text + WHICH
}

impl Exit {
    pub(crate) fn of(error: &Error) -> Exit {
        if error.maybe_sent() {
            return Exit::MaybeSent;
        }
        match error.kind() {
            // Something answered, but no API: it was sent.
            ErrorKind::Config if error.attempts() > 0 => Exit::Unavailable,
            kind => Exit::of_kind(kind),
        }
    }

    fn of_kind(kind: ErrorKind) -> Exit {
        match kind {
            ErrorKind::Config | ErrorKind::Validation | ErrorKind::Unsupported => Exit::Usage,
            ErrorKind::Auth => Exit::Auth,
            ErrorKind::Account => Exit::Account,
            ErrorKind::Refused | ErrorKind::ContentRejected | ErrorKind::NotFound => Exit::Refused,
            ErrorKind::TaskFailed => Exit::TaskFailed,
            ErrorKind::WaitTimeout => Exit::Timeout,
            ErrorKind::NoResult
            | ErrorKind::Download
            | ErrorKind::ResultExpired
            | ErrorKind::ResultChanged => Exit::NotSaved,
            // Transport, Timeout, Service, RateLimited, Decode, and what comes later.
            _ => Exit::Unavailable,
        }
    }

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn name(self) -> &'static str {
        let class = TABLE.iter().find(|class| class.exit == self);
        class.map_or("unknown", |class| class.name)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Wrong arguments, as every other failure looks in JSON.
pub(crate) fn wrong_arguments(message: &str) -> Value {
    json!({
        "error": {
            "kind": "usage",
            "message": message,
            "exit_code": Exit::Usage.code(),
            "request_id": null,
        },
        "result_url": null,
        "task_id": null,
        "external_task_id": null,
        "state_file": null,
        "event": "error",
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const KINDS: [ErrorKind; 19] = [
        ErrorKind::Config,
        ErrorKind::Validation,
        ErrorKind::Unsupported,
        ErrorKind::Auth,
        ErrorKind::Account,
        ErrorKind::Refused,
        ErrorKind::ContentRejected,
        ErrorKind::NotFound,
        ErrorKind::RateLimited,
        ErrorKind::Service,
        ErrorKind::Transport,
        ErrorKind::Timeout,
        ErrorKind::Decode,
        ErrorKind::TaskFailed,
        ErrorKind::WaitTimeout,
        ErrorKind::NoResult,
        ErrorKind::Download,
        ErrorKind::ResultChanged,
        ErrorKind::ResultExpired,
    ];

    /// The table of kling-http's `ErrorKind`, which a test there keeps complete,
    /// with the exit code of each kind.
    fn table(source: &str) -> String {
        let rows = source
            .lines()
            .filter_map(|line| line.strip_prefix("/// | `"));
        let mut kinds = KINDS.into_iter();
        let mut table = String::from(
            "| kind | meaning | retried? | paid? | what to do | exit |\n|---|---|---|---|---|---|\n",
        );
        for row in rows {
            let name = row.split('`').next().unwrap_or_default();
            let kind = kinds.find(|kind| kind.name() == name);
            let kind = kind.unwrap_or_else(|| panic!("{name} is not the next of KINDS"));
            let row = row.replace("[`", "`").replace("`]", "`");
            assert!(!row.contains("crate::"), "a link of rustdoc stays: {row}");
            let exit = match kind {
                ErrorKind::Config => "2; 8 if it was sent".to_owned(),
                _ => Exit::of_kind(kind).code().to_string(),
            };
            table.extend(["| `", &row, " ", &exit, " |\n"]);
        }
        assert_eq!(kinds.next(), None, "is not in the table");
        table
    }

    #[test]
    fn the_guide_has_every_kind_of_error() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("a file");
        let guide = read("docs/guides/errors-and-money.md");
        let end = guide.find("<!-- errors: end -->").expect("the end");
        let start = guide.find("<!-- errors: made by").expect("the start");
        let start = start + guide[start..].find("-->\n").expect("its line") + 4;
        let table = table(&read("crates/kling-http/src/error.rs"));
        let expected = format!("{}\n{table}\n{}", &guide[..start], &guide[end..]);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(root.join("docs/guides/errors-and-money.md"), &expected).expect("write");
        } else {
            assert!(
                guide == expected,
                "the table is another: run with UPDATE_DOCS=1"
            );
        }
    }
}
