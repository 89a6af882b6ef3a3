//! `PlanRule`: which creates get which plan.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::Plan;

/// A plan for some creates only. The first rule that matches a create applies;
/// otherwise the account's plan, and otherwise the service's.
///
/// ```
/// use kling_mock::{Mock, Plan, PlanRule};
///
/// let mock = Mock::new();
/// // The next create fails, whatever it is; `hug_pro` is always slow.
/// mock.add_plan_rule(PlanRule::new(Plan::instant().failing("Image pixel is invalid")).times(1));
/// mock.add_plan_rule(PlanRule::new(Plan::realistic()).scene("hug_pro"));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[must_use]
pub struct PlanRule {
    #[serde(serialize_with = "as_text")]
    plan: Arc<Plan>,
    account: Option<String>,
    scene: Option<String>,
    external_task_id: Option<String>,
    /// The number of creates that it still applies to; unlimited if `None`.
    times: Option<u32>,
}

fn as_text<S: Serializer>(plan: &Arc<Plan>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(plan)
}

impl PlanRule {
    /// A rule with this plan for every create.
    pub fn new(plan: Plan) -> Self {
        PlanRule {
            plan: Arc::new(plan),
            account: None,
            scene: None,
            external_task_id: None,
            times: None,
        }
    }

    /// Restricts it to the creates of this account.
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.account = Some(name.into());
        self
    }

    /// Restricts it to this scene.
    pub fn scene(mut self, scene: impl Into<String>) -> Self {
        self.scene = Some(scene.into());
        self
    }

    /// Restricts it to the create with this external task id.
    pub fn external_task_id(mut self, id: impl Into<String>) -> Self {
        self.external_task_id = Some(id.into());
        self
    }

    /// Restricts it to this many creates, those next that match and are accepted.
    pub fn times(mut self, creates: u32) -> Self {
        self.times = Some(creates);
        self
    }

    fn fits(&self, account: &str, scene: &str, external_id: &str) -> bool {
        let fits = |wanted: &Option<String>, found| wanted.as_deref().is_none_or(|it| it == found);
        self.times != Some(0)
            && fits(&self.account, account)
            && fits(&self.scene, scene)
            && fits(&self.external_task_id, external_id)
    }
}

/// The rules of a service, in order.
#[derive(Debug, Default)]
pub(crate) struct PlanRules(Vec<PlanRule>);

impl PlanRules {
    pub(crate) fn add(&mut self, rule: PlanRule) {
        self.0.push(rule);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> &[PlanRule] {
        &self.0
    }

    /// The plan for an accepted create, which is counted.
    pub(crate) fn take(
        &mut self,
        account: &str,
        scene: &str,
        external_id: &str,
    ) -> Option<Arc<Plan>> {
        let mut rules = self.0.iter_mut();
        let rule = rules.find(|rule| rule.fits(account, scene, external_id))?;
        let plan = Arc::clone(&rule.plan);
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        self.0.retain(|rule| rule.times != Some(0));
        Some(plan)
    }
}
