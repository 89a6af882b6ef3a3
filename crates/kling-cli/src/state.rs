//! The state file of a job. It is written before a create is sent, so that no paid
//! task depends on this process.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kling_http::types::{Amount, UnixMillis};
use kling_http::{
    Clock as _, EffectRequest, ExternalTaskId, Provider, SavedTask, Scene, SystemClock, Task,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::destination::reason;
use crate::failure::{Failure, resume_command};
use crate::input;

/// What `kling resume` must know. No key and no picture is in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// The version of this format.
    #[serde(rename = "kling_state")]
    version: u32,
    pub(crate) provider: String,
    pub(crate) base_url: String,
    pub(crate) external_task_id: ExternalTaskId,
    pub(crate) scene: Scene,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) duration: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<String>,
    /// Of the request's body: whether it is the same that is sent again.
    request_sha256: String,
    pub(crate) created_at: UnixMillis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<PathBuf>,
    /// The task, once its id is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<SavedTask>,
    /// Whether the file stays when the job has ended, so that the same command
    /// does not pay for it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) keep: bool,
    /// How it ended, in a file that stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<Outcome>,
}

/// How a task ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    /// Why it failed; absent where its video was saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<String>,
    /// How long the service took for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) charge: Option<Charge>,
}

/// What a task cost, as far as the service says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Charge {
    /// Units of a resource pack.
    pub(crate) units: Option<Amount>,
    /// Money from the balance, after discounts.
    pub(crate) balance: Option<Amount>,
}

impl Charge {
    pub(crate) fn of(task: &Task) -> Option<Charge> {
        let balance = task.balance_deduction.as_ref();
        let charge = Charge {
            units: task.unit_deduction,
            balance: balance.and_then(|deduction| deduction.quota),
        };
        (charge.units.is_some() || charge.balance.is_some()).then_some(charge)
    }
}

impl std::fmt::Display for Charge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let told = |amount: &&Amount| **amount != Amount::ZERO;
        let units = self.units.as_ref();
        let balance = self.balance.as_ref();
        match (units.filter(told), balance.filter(told)) {
            (Some(units), Some(money)) => write!(f, "units: {units}, balance: {money}"),
            (None, Some(money)) => write!(f, "balance: {money}"),
            (Some(units), None) => write!(f, "units: {units}"),
            (None, None) => f.write_str("nothing"),
        }
    }
}

/// How long the service took, by its own clock.
pub(crate) fn seconds_of(task: &Task) -> Option<f64> {
    let took = task.updated_at?.saturating_since(task.created_at?);
    Some(took.as_secs_f64())
}

const VERSION: u32 = 1;

/// The longest that is read, in bytes: far more than any is.
const LONGEST: u64 = 1024 * 1024;

/// What tells a state file of whatever version from other files.
#[derive(Deserialize)]
struct Header {
    kling_state: u32,
}

/// Whether a job is written down there.
pub(crate) fn is_state_file(path: &Path) -> bool {
    let text = input::text_up_to(LONGEST, path).unwrap_or_default();
    serde_json::from_str::<Header>(&text).is_ok()
}

impl State {
    pub(crate) fn new(
        provider: &Provider,
        id: &ExternalTaskId,
        request: &EffectRequest,
        mode: Option<String>,
        output: Option<&Path>,
        keep: bool,
    ) -> Result<State, Failure> {
        Ok(State {
            version: VERSION,
            provider: provider.name().to_owned(),
            base_url: provider.base_url().to_owned(),
            external_task_id: id.clone(),
            scene: request.effect_scene.clone(),
            duration: request.duration().map(str::to_owned),
            mode,
            request_sha256: digest(request)?,
            created_at: SystemClock.now().into(),
            // Another directory may be the current one when it is resumed.
            output: output.and_then(|path| std::path::absolute(path).ok()),
            task: None,
            keep,
            outcome: None,
        })
    }

    /// Whether it is this request that was meant to be sent.
    pub(crate) fn is_of(&self, request: &EffectRequest) -> Result<bool, Failure> {
        Ok(self.request_sha256 == digest(request)?)
    }

    /// The same for one that has another external task id.
    pub(crate) fn is_of_like(&self, request: &EffectRequest) -> Result<bool, Failure> {
        let id = self.external_task_id.clone();
        self.is_of(&request.clone().with_external_task_id(id))
    }

    pub(crate) fn is_older_than(&self, age: Duration) -> bool {
        let now = UnixMillis::from(SystemClock.now());
        now.saturating_since(self.created_at) > age
    }

    pub(crate) fn is_at(&self, provider: &Provider) -> bool {
        self.provider == provider.name() && self.base_url == provider.base_url()
    }
}

fn digest(request: &EffectRequest) -> Result<String, Failure> {
    let body = request
        .to_json()
        .map_err(|error| Failure::Usage(format!("the request can't be written: {error}")))?;
    Ok(base16ct::lower::encode_string(&Sha256::digest(&body)))
}

/// The state of one job, on the disk since before its create.
#[derive(Debug)]
pub(crate) struct StateFile {
    pub(crate) path: PathBuf,
    pub(crate) state: State,
    /// The job that it took the place of, and that is the one that counts until
    /// there is a new task.
    replaced: Option<Box<State>>,
}

impl StateFile {
    /// On the disk when this returns. A file that is there already belongs to
    /// another job, and stays, unless `replace` is set, for a job that has ended.
    pub(crate) fn create(path: PathBuf, state: State, replace: bool) -> Result<StateFile, Failure> {
        let before = replace.then(|| StateFile::read(&path)).transpose()?;
        let file = StateFile {
            path,
            state,
            replaced: before.map(|before| Box::new(before.state)),
        };
        match file.write(!replace) {
            Ok(()) => Ok(file),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let name = file.path.display();
                // Several jobs have a name each, which nobody chooses.
                let or = if file.state.keep {
                    ""
                } else {
                    "; or choose another file with --state"
                };
                Err(Failure::Usage(if is_state_file(&file.path) {
                    format!(
                        "{name} already exists: an earlier job for this output may be paid for and \
                         not finished. Finish it with: {}{or}",
                        resume_command(&file.path.to_string_lossy())
                    )
                } else {
                    format!("{name} already exists and is not a state file: move it{or}")
                }))
            }
            Err(error) => Err(Failure::Usage(format!(
                "the state file {} can't be written, so nothing was sent: {}",
                file.path.display(),
                reason(&error)
            ))),
        }
    }

    pub(crate) fn read(path: &Path) -> Result<StateFile, Failure> {
        let name = path.display();
        let text = input::text_up_to(LONGEST, path)
            .map_err(|error| Failure::Usage(format!("{name} can't be read: {error}")))?;
        let fault = |error| Failure::Usage(format!("{name} is not a state file: {error}"));
        // First: what else another version has nobody knows here.
        let Header { kling_state: found } = serde_json::from_str(&text).map_err(fault)?;
        if found != VERSION {
            let text = format!(
                "{name} has version {found}, and this program supports {VERSION}: use a newer kling"
            );
            return Err(Failure::Usage(text));
        }
        let state: State = serde_json::from_str(&text).map_err(fault)?;
        Ok(StateFile {
            path: path.to_owned(),
            state,
            replaced: None,
        })
    }

    /// The task's id is known from here on.
    pub(crate) fn has_task(&mut self, task: SavedTask) -> std::io::Result<()> {
        self.state.task = Some(task);
        self.write(false)
    }

    /// The job has ended, with its video saved or without one.
    pub(crate) fn ended(mut self, outcome: Outcome) -> std::io::Result<()> {
        if self.state.keep {
            self.state.outcome = Some(outcome);
            return self.write(false);
        }
        self.remove();
        Ok(())
    }

    /// The job's task was certainly not created: what was there before counts.
    pub(crate) fn not_created(mut self) -> std::io::Result<()> {
        if let Some(state) = self.replaced.take() {
            self.state = *state;
            return self.write(false);
        }
        self.remove();
        Ok(())
    }

    fn remove(self) {
        // A file that stays only names a task that is done: resuming it saves the
        // same video again.
        let _ = std::fs::remove_file(&self.path);
    }

    /// Whole or not at all, and on the disk when it returns; readable for its
    /// owner only, as temporary files are.
    fn write(&self, new: bool) -> std::io::Result<()> {
        let directory = crate::destination::directory_of(&self.path);
        let mut file = tempfile::Builder::new()
            .prefix(".kling-")
            .tempfile_in(directory)?;
        serde_json::to_writer_pretty(&mut file, &self.state)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        if new {
            file.persist_noclobber(&self.path)?;
        } else {
            file.persist(&self.path)?;
        }
        // The file's name is data of its directory.
        #[cfg(unix)]
        std::fs::File::open(directory)?.sync_all()?;
        Ok(())
    }
}
