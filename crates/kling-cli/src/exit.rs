//! Exit codes, by class.

use std::process::ExitCode;

use kling_http::{Error, ErrorKind};
use serde_json::{Value, json};

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
    Interrupted = 130,
}

pub(crate) const HELP: &str = "\
Exit codes:
    0  done
    2  wrong arguments, files or settings; nothing was sent
    3  the service does not accept the key
    4  the account can't pay, or may not do this
    5  the service refused the request; nothing was charged
    6  the task failed; the reason is printed
    7  the task did not end in time; it goes on
    8  the service can't be reached, or failed; no task was created, or it goes on
    9  the task may have been created and charged, but its answer was lost
   10  the video was made but could not be saved; it is kept for 30 days
  130  interrupted; a task that was created goes on";

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
