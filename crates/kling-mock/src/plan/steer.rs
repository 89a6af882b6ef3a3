//! Changing the plan of a task that is running.

use kling_types::UnixMillis;

use super::{Plan, SHORTEST, Stage};

/// How a running task is changed. Its past statuses stay as they were.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Steer<'a> {
    /// The current stage ends now.
    Release,
    /// From the current stage on, the task follows this plan. If the stage would be
    /// over by now, it ends now.
    Follow(&'a Plan),
}

impl Plan {
    /// The new plan of a task that is steered `now`; `None` if it has ended. Earlier
    /// `reads` no longer count: stages that end by queries count from now.
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
    /// A stage that lasted from one time to the other. A stage of the shortest length
    /// ends independently of the clock, because the end of a stage that queries ended
    /// may be a moment after the current time.
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
