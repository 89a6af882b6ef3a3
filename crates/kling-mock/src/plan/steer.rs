//! Changing the plan of a task that is running.

use kling_types::UnixMillis;

use super::{Plan, SHORTEST, Stage};

/// How a task's course is changed. What it has gone through stays as it was.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Steer<'a> {
    /// The stage it is in ends now.
    Release,
    /// From the stage it is in onwards it follows this plan; where the plan had
    /// moved on by now, so does the task.
    Follow(&'a Plan),
}

impl Plan {
    /// The plan of a task that is steered `now`; `None` if it has ended. `reads`
    /// have no further influence on it: what counts questions counts from here.
    pub(crate) fn steered(
        &self,
        created: UnixMillis,
        now: UnixMillis,
        reads: &[UnixMillis],
        steer: &Steer<'_>,
    ) -> Option<Plan> {
        let course = self.course(created, now, reads, false);
        let since = |place: usize| Some(course.get(place)?.as_ref()?.since);
        let (began, ended) = (since(1), since(2));
        if ended.is_some() {
            return None;
        }
        let rest = match steer {
            Steer::Release => self.clone(),
            Steer::Follow(plan) => (*plan).clone(),
        };
        let current = |began: UnixMillis, followed: Stage| match steer {
            Steer::Release => Stage::between(began, now),
            Steer::Follow(_) => followed.at_least(began, now),
        };
        let (queue, run) = match began {
            None => (current(created, rest.queue), rest.run),
            Some(began) => (Stage::between(created, began), current(began, rest.run)),
        };
        Some(Plan {
            queue,
            run,
            failure: rest.failure,
        })
    }
}

impl Stage {
    /// The stage that lasted from one time to the other. The shortest ends
    /// whatever the clock says, as one that questions ended may lie a moment
    /// ahead of it.
    fn between(began: UnixMillis, ended: UnixMillis) -> Self {
        let lasted = ended.saturating_since(began);
        if lasted <= SHORTEST {
            Stage::asked(0)
        } else {
            Stage::lasting(lasted)
        }
    }

    /// The same stage, but not over before `now`.
    fn at_least(self, began: UnixMillis, now: UnixMillis) -> Self {
        let lasted = now.saturating_since(began);
        match self.reads {
            Some(0) => Stage::between(began, now),
            _ => Stage {
                time: self.time.max(lasted),
                ..self
            },
        }
    }
}
