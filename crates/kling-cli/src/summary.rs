//! The outcome of each job of a call, for the table, the page and `--json`.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::Report;
use crate::job::Job;
use crate::plan::{Planned, Start};
use crate::request::shown_image;
use crate::state::{Charge, Outcome, seconds_of};

/// One job, as far as it has come.
#[derive(Debug)]
pub(crate) struct JobSummary {
    pub(crate) scene: String,
    /// As they were given.
    pub(crate) pictures: Vec<String>,
    pub(crate) state: JobState,
    /// Why it is not done, and what is to be said of one that is.
    pub(crate) reason: Option<String>,
    /// How long the service took; of a task that has not ended, how long was
    /// waited for it here.
    pub(crate) seconds: Option<f64>,
    pub(crate) charge: Option<Charge>,
    /// Where its video is or will be, if that is known.
    pub(crate) output: Option<PathBuf>,
    pub(crate) task_id: Option<String>,
    /// The command that finishes it.
    pub(crate) resume: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobState {
    Waiting,
    UnderWay,
    /// An earlier job's failure ended the run before.
    NotSent,
    Ended(Exit),
}

impl JobState {
    /// A stable word: of one that ended, its exit code's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            JobState::Waiting => "waiting",
            JobState::UnderWay => "under_way",
            JobState::NotSent => "not_sent",
            JobState::Ended(exit) => exit.name(),
        }
    }
}

impl JobSummary {
    pub(crate) fn new(job: &Planned) -> JobSummary {
        let from_file = job.args.request.iter().cloned();
        JobSummary {
            scene: match &job.start {
                Start::Create {
                    request: Some(request),
                    ..
                } => request.effect_scene.to_string(),
                _ => job.args.scene.clone().unwrap_or_default(),
            },
            pictures: from_file.chain(job.args.images.iter().cloned()).collect(),
            state: JobState::Waiting,
            reason: None,
            seconds: None,
            charge: None,
            output: match &job.start {
                // What lies there now is not of this run.
                Start::Create { .. } | Start::Continue(_) => None,
                Start::Ended(_) => job.output(),
            },
            task_id: None,
            resume: None,
        }
    }

    /// The pictures' names for people.
    pub(crate) fn title(&self) -> String {
        let names: Vec<_> = self.pictures.iter().map(|it| shown_image(it)).collect();
        names.join(" + ")
    }

    /// Takes in how its run ended.
    pub(crate) fn ended(&mut self, job: &Job, failure: Option<&Report>, waited: Duration) {
        self.state = JobState::Ended(failure.map_or(Exit::Ok, |report| report.exit));
        self.reason = failure.map(|report| report.message.clone());
        self.resume = failure.and_then(Report::resume_command);
        self.task_id.clone_from(&job.task_id);
        self.output.clone_from(&job.saved);
        let task = job.task.as_ref();
        self.charge = task.and_then(Charge::of);
        let ended = task.filter(|task| task.state().is_terminal());
        self.seconds = match ended.and_then(seconds_of) {
            None => job.task_id.is_some().then_some(waited.as_secs_f64()),
            known => known,
        };
    }

    /// Takes in that an earlier run ended it.
    pub(crate) fn ended_before(&mut self, outcome: &Outcome, task_id: Option<String>) {
        self.seconds = outcome.seconds;
        self.charge = outcome.charge;
        self.task_id = task_id;
        let (exit, reason) = match &outcome.failure {
            None => (
                Exit::Ok,
                "made by an earlier run; nothing was sent".to_owned(),
            ),
            Some(why) => {
                self.output = None;
                let next = "nothing was sent; --again creates a new task";
                (
                    Exit::TaskFailed,
                    format!("{why} (in an earlier run); {next}"),
                )
            }
        };
        (self.state, self.reason) = (JobState::Ended(exit), Some(reason));
    }

    pub(crate) fn to_json(&self) -> Value {
        let names: Vec<_> = self.pictures.iter().map(|it| shown_image(it)).collect();
        json!({
            "pictures": names,
            "state": self.state.name(),
            "reason": self.reason,
            "seconds": self.seconds,
            "charge": self.charge,
            "file": self.output.as_ref().map(|path| path.to_string_lossy()),
            "task_id": self.task_id,
            "resume": self.resume,
        })
    }
}

/// A length of time for people.
pub(crate) fn shown_seconds(seconds: Option<f64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(seconds) if seconds < 60.0 => format!("{seconds:.1} s"),
        Some(seconds) => {
            let whole = Duration::from_secs_f64(seconds.clamp(0.0, 1e9)).as_secs();
            format!("{} min {} s", whole / 60, whole % 60)
        }
    }
}

/// What it cost, for people: what the service does not tell is unknown.
pub(crate) fn shown_charge(row: &JobSummary) -> String {
    match (&row.charge, &row.task_id) {
        (Some(charge), _) => charge.to_string(),
        (None, Some(_)) => "unknown".to_owned(),
        // A create whose answer was lost may be charged.
        (None, None) => match row.state {
            JobState::UnderWay | JobState::Ended(Exit::MaybeSent) => "unknown".to_owned(),
            JobState::Ended(Exit::Interrupted) if row.resume.is_some() => "unknown".to_owned(),
            _ => "-".to_owned(),
        },
    }
}
