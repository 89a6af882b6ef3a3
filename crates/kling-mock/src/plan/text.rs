//! Parses and formats plans.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Plan, Stage};
use crate::grammar::{Cursor, SyntaxError, Time, Value, unknown};

/// A text that is not a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError(String);

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PlanError {}

/// `quick`, `instant`, `stuck`, `held`, `realistic`, `after(5s, 2m)`, `polls(1, 2)` or
/// `lognormal(2m, 0.4)` (median and sigma of the run time), optionally followed by
/// `fail("message")`. A time of `never` lasts until the task is released; the first
/// stage of `after(5s or 2, never)` ends after five seconds or two queries, whichever
/// comes first.
///
/// ```
/// use std::time::Duration;
/// use kling_mock::Plan;
///
/// let plan: Plan = "after(5s, 2m) fail(\"Image pixel is invalid\")".parse()?;
/// let same = Plan::after(Duration::from_secs(5), Duration::from_secs(120));
/// assert_eq!(plan, same.failing("Image pixel is invalid"));
///
/// let error = "after(5s)".parse::<Plan>().unwrap_err();
/// assert_eq!(error.to_string(), "column 9: expected `,` after the first value, found `)`");
///
/// // A plan is written as it is read.
/// assert_eq!("polls( 1,2 )".parse::<Plan>()?.to_string(), "polls(1, 2)");
/// # Ok::<(), kling_mock::PlanError>(())
/// ```
impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|error| PlanError(error.to_string()))
    }
}

fn parse(text: &str) -> Result<Plan, SyntaxError> {
    const KNOWN: &[&str] = &[
        "quick",
        "instant",
        "stuck",
        "held",
        "realistic",
        "after",
        "polls",
        "lognormal",
    ];
    let mut no_files = |_: &str| Err(std::io::ErrorKind::Unsupported.into());
    let mut cursor = Cursor::new(text, &mut no_files);
    let word = cursor.word();
    let mut plan = match word.text {
        "quick" => Plan::quick(),
        "instant" => Plan::instant(),
        "stuck" => Plan::stuck(),
        "held" => Plan::held(),
        "realistic" => Plan::realistic(),
        "lognormal" => {
            cursor.expect('(', "the plan's name")?;
            let median = cursor.duration()?;
            cursor.expect(',', "the median")?;
            let at = cursor.here();
            let sigma = cursor.decimal("a sigma")?;
            if !(0.0..=10.0).contains(&sigma) {
                return Err(cursor.error(at, "a sigma is between 0 and 10"));
            }
            cursor.expect(')', "the sigma")?;
            Plan::log_normal(median, sigma)
        }
        "after" => {
            let (queue, run) = pair(&mut cursor, stage)?;
            Plan::of(queue, run)
        }
        "polls" => {
            let (queued, running) = pair(&mut cursor, polls)?;
            Plan::polls(queued, running)
        }
        other => return Err(cursor.error(word.at, unknown(other, "a plan", KNOWN))),
    };
    let word = cursor.word();
    if word.text == "fail" {
        cursor.expect('(', "`fail`")?;
        plan = plan.failing(cursor.string("a message", &[')'])?);
        cursor.expect(')', "the message")?;
    } else if !word.text.is_empty() {
        return Err(cursor.error(
            word.at,
            unknown(word.text, "what a plan ends with", &["fail"]),
        ));
    }
    if cursor.peek().is_some() {
        let (at, found) = (cursor.here(), cursor.found());
        return Err(cursor.error(at, format!("expected the end, {found}")));
    }
    Ok(plan)
}

/// `5s`, `never`, `5s or 2`: a time, or a number of queries if they come first.
fn stage(cursor: &mut Cursor<'_>) -> Result<Stage, SyntaxError> {
    let time = if cursor.eat_word("never") {
        Duration::MAX
    } else {
        cursor.duration()?
    };
    let reads = if cursor.eat_word("or") {
        Some(polls(cursor)?)
    } else {
        None
    };
    Ok(Stage {
        reads,
        ..Stage::lasting(time)
    })
}

fn polls(cursor: &mut Cursor<'_>) -> Result<u32, SyntaxError> {
    let at = cursor.here();
    let count = cursor.number("a number of queries")?;
    u32::try_from(count).map_err(|_| cursor.error(at, "so many queries never come"))
}

/// Two values in parentheses.
fn pair<'a, T>(
    cursor: &mut Cursor<'a>,
    value: impl Fn(&mut Cursor<'a>) -> Result<T, SyntaxError>,
) -> Result<(T, T), SyntaxError> {
    cursor.expect('(', "the plan's name")?;
    let first = value(cursor)?;
    cursor.expect(',', "the first value")?;
    let second = value(cursor)?;
    cursor.expect(')', "the second value")?;
    Ok((first, second))
}

/// As [`Plan::from_str`] reads it.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (queue, run) = (self.queue, self.run);
        let named = [
            ("quick", Plan::quick()),
            ("instant", Plan::instant()),
            ("stuck", Plan::stuck()),
            ("held", Plan::held()),
            ("realistic", Plan::realistic()),
        ];
        let same = |(_, plan): &&(_, Plan)| (plan.queue, plan.run) == (queue, run);
        match named.iter().find(same) {
            Some((name, _)) => f.write_str(name)?,
            None if run.sigma > 0.0 => {
                write!(f, "lognormal({}, {})", Time(run.time), run.sigma)?;
            }
            None => match (polls_alone(queue), polls_alone(run)) {
                (Some(queued), Some(running)) => write!(f, "polls({queued}, {running})")?,
                _ => write!(f, "after({}, {})", Length(queue), Length(run))?,
            },
        }
        match &self.failure {
            Some(message) => write!(f, " fail({})", Value(message)),
            None => Ok(()),
        }
    }
}

/// How long a stage lasts.
struct Length(Stage);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.time {
            Duration::MAX => f.write_str("never")?,
            time => Time(time).fmt(f)?,
        }
        match self.0.reads {
            Some(reads) => write!(f, " or {reads}"),
            None => Ok(()),
        }
    }
}

/// How many queries end a stage that goes by them alone.
fn polls_alone(stage: Stage) -> Option<u32> {
    stage.reads.filter(|_| stage.time == Duration::MAX)
}
