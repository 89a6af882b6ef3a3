//! Runs the jobs of a call one after another, and reports on all of them.

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::args::EffectArgs;
use crate::connect::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Report, resume_command};
use crate::job::{self, Job, Plan};
use crate::output::{say, say_lines};
use crate::plan::{self, Planned, Start};
use crate::report_page;
use crate::request::RequestArgs;
use crate::resume;
use crate::signals::StopSignals;
use crate::summary::{JobState, JobSummary};
use crate::table::table;

/// How many creates in a row may get no answer before the rest is kept back: one
/// may be lost by chance, and each of them may be charged.
const UNANSWERED: u32 = 2;

/// The jobs of one call, and how far they have come.
pub(crate) struct Batch<'a> {
    args: &'a EffectArgs,
    service: &'a Connection,
    rows: Vec<JobSummary>,
}

impl Batch<'_> {
    /// Works through the jobs; the exit code is that of the first that was not
    /// done, unless somebody asked to stop.
    pub(crate) async fn work(
        args: &EffectArgs,
        service: &Connection,
        jobs: Vec<Planned>,
        signals: &mut StopSignals,
    ) -> Result<Exit, Failure> {
        let rows = jobs.iter().map(JobSummary::new).collect();
        let mut batch = Batch {
            args,
            service,
            rows,
        };
        // A page that can't be written is found out before anything is paid.
        batch.write_page()?;
        let several = jobs.len() > 1;
        let mut stopped: Option<&str> = None;
        let mut unanswered = 0;
        for (index, planned) in jobs.into_iter().enumerate() {
            let number = several.then_some(index + 1);
            if let Start::Ended(file) = &planned.start {
                let task = file
                    .state
                    .task
                    .as_ref()
                    .map(|task| task.task_id.to_string());
                if let (Some(row), Some(outcome)) = (batch.rows.get_mut(index), &file.state.outcome)
                {
                    row.ended_before(outcome, task);
                }
                batch.report_skipped(index, number);
                continue;
            }
            if let Some(why) = stopped {
                batch.update(index, |row| {
                    row.state = JobState::NotSent;
                    row.reason = Some(why.to_owned());
                });
                continue;
            }
            let report = batch.one(index, number, planned, signals).await;
            let exit = report.as_ref().map_or(Exit::Ok, |report| report.exit);
            unanswered = match &report {
                Some(report) if report.is_unanswered => unanswered + 1,
                // An earlier run's create is still open; the service was not asked
                // for one now.
                Some(report) if report.exit == Exit::MaybeSent => unanswered,
                _ => 0,
            };
            stopped = match exit {
                Exit::Interrupted => Some("not sent: interrupted"),
                Exit::Auth => Some("not sent: the service does not accept the key"),
                Exit::Account => {
                    Some("not sent: the account has no balance left, or no permission")
                }
                _ if unanswered >= UNANSWERED => Some("not sent: the service does not answer"),
                _ => None,
            };
        }
        let exit = batch.exit();
        if several {
            batch.print_summary(exit);
        }
        Ok(exit)
    }

    /// One job, from where it stands to its end: why it was not done, if so.
    async fn one(
        &mut self,
        index: usize,
        number: Option<usize>,
        planned: Planned,
        signals: &mut StopSignals,
    ) -> Option<Report> {
        let mut job = Job {
            number,
            ..Job::new(self.args.json)
        };
        // Should nobody be left to say how it ended, the page says how to go on.
        let resume = self.resume_command(&planned);
        self.update(index, |row| {
            row.state = JobState::UnderWay;
            row.resume = resume;
        });
        if let (Some(number), Some(row)) = (number, self.rows.get(index)) {
            say(&format!("[{number}/{}] {}", self.rows.len(), row.title()));
        }
        let began = Instant::now();
        let work = async |job: &mut Job| self.make(planned, job).await;
        let outcome = job::until_stopped(&mut job, signals, work).await;
        let failure = outcome
            .err()
            .map(|failure| job::report_failure(&job, failure));
        self.update(index, |row| {
            row.ended(&job, failure.as_ref(), began.elapsed());
        });
        failure
    }

    fn resume_command(&self, planned: &Planned) -> Option<String> {
        let beside = || planned.output().as_deref().map(job::state_of);
        let path = self.args.state.clone().or_else(beside);
        let path = path.filter(|_| !self.args.mock)?;
        Some(resume_command(&path.to_string_lossy()))
    }

    async fn make(&self, planned: Planned, job: &mut Job) -> Result<(), Failure> {
        let Planned {
            args,
            destination,
            start,
        } = planned;
        let (request, replace) = match start {
            Start::Create { request, replace } => (request, replace),
            Start::Continue(file) => {
                job.knows(&file);
                let again = RequestArgs {
                    external_task_id: Some(file.state.external_task_id.to_string()),
                    no_preflight: true,
                    ..args
                };
                let is_known = file.state.task.is_some();
                let again = (!is_known).then(|| again.assemble()).transpose()?;
                let service = self.service;
                return Box::pin(resume::continue_job(
                    service,
                    *file,
                    again,
                    &destination,
                    job,
                ))
                .await;
            }
            Start::Ended(_) => return Ok(()),
        };
        let request = match request {
            Some(request) => *request,
            None => args.assemble()?,
        };
        let plan = Plan {
            client: &self.service.client,
            provider: &self.service.provider,
            write_state: !self.args.mock,
            // Of several, and of one that is treated as several are.
            keep: job.number.is_some() || self.args.output_dir.is_some(),
            replace,
            state: self.args.state.as_deref(),
            destination: &destination,
            mode: args.mode.as_deref(),
        };
        let (task, file) = job::create(&plan, request, job).await?;
        Box::pin(job::finish(&task, file, &destination, job)).await
    }

    /// Changes a row, and the page with it.
    fn update(&mut self, index: usize, change: impl FnOnce(&mut JobSummary)) {
        if let Some(row) = self.rows.get_mut(index) {
            change(row);
        }
        // Jobs that are paid for are worth more than the page.
        if let Err(Failure::Usage(message)) = self.write_page() {
            say(&format!("warning: {message}"));
        }
    }

    fn write_page(&self) -> Result<(), Failure> {
        match &self.args.report {
            Some(path) => report_page::write(path, &self.rows),
            None => Ok(()),
        }
    }

    fn report_skipped(&mut self, index: usize, number: Option<usize>) {
        self.update(index, |_| {});
        let Some(row) = self.rows.get(index) else {
            return;
        };
        let reason = row.reason.as_deref().unwrap_or_default();
        say(&format!("{}: {reason}", row.title()));
        let job = Job {
            number,
            ..Job::new(self.args.json)
        };
        job.event("skipped", row.to_json());
    }

    fn exit(&self) -> Exit {
        let ended = self.rows.iter().map(|row| row.state);
        let mut first = Exit::Ok;
        for state in ended {
            match state {
                JobState::Ended(Exit::Interrupted) => return Exit::Interrupted,
                JobState::Ended(exit) if first == Exit::Ok => first = exit,
                _ => {}
            }
        }
        first
    }

    fn print_summary(&self, exit: Exit) {
        say_lines(&table(&self.rows));
        for command in self.rows.iter().filter_map(|row| row.resume.as_ref()) {
            say(&format!("resume with: {command}"));
        }
        let done = self
            .rows
            .iter()
            .filter(|row| row.state == JobState::Ended(Exit::Ok));
        let (done, all) = (done.count(), self.rows.len());
        let finds = self.service.provider.finds_external_ids();
        let goes_on = |row: &JobSummary| match row.state {
            JobState::Ended(Exit::MaybeSent) => finds,
            state => !matches!(state, JobState::Ended(Exit::Ok | Exit::TaskFailed)),
        };
        let next = if self.args.mock || !self.rows.iter().any(goes_on) {
            ""
        } else {
            "; run the same command again to finish the rest; nothing is charged twice"
        };
        say(&format!("{done} of {} made{next}", plan::videos(all)));
        let rows: Vec<Value> = self.rows.iter().map(JobSummary::to_json).collect();
        let job = Job::new(self.args.json);
        job.event("summary", json!({"jobs": rows, "exit_code": exit.code()}));
    }
}
