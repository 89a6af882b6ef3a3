//! The routes of the control interface, as data.

use std::future::Future;
use std::pin::Pin;

use http::Method;
use percent_encoding::percent_decode_str;

use super::error::AdminError;
use super::input::Call;
use super::{Answer, handlers};

type Outcome = Result<Answer, AdminError>;

/// A route.
pub(super) struct Route {
    pub(super) method: Method,
    /// Below the prefix. `{id}` stands for one segment.
    pub(super) path: &'static str,
    /// Its `operationId` in the OpenAPI document.
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    /// The equivalent method in process.
    pub(super) twin: &'static str,
    pub(super) query: &'static [Parameter],
    pub(super) body: Option<Body>,
    pub(super) status: u16,
    /// The schema of its answer; `None` if the answer has no body.
    pub(super) answer: Option<&'static str>,
    /// Whether it needs no token.
    pub(super) is_open: bool,
    pub(super) run: Run,
}

/// A query parameter.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// Its JSON Schema type.
    pub(super) kind: &'static str,
    pub(super) description: &'static str,
}

/// A request body.
#[derive(Clone, Copy)]
pub(super) struct Body {
    pub(super) schema: &'static str,
    /// As JSON.
    pub(super) example: &'static str,
}

#[derive(Clone, Copy)]
pub(super) enum Run {
    Now(fn(&Call<'_>) -> Outcome),
    Later(for<'a> fn(&'a Call<'a>) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>),
}
use Run::{Later, Now};

impl Route {
    const fn new(method: Method, path: &'static str, name: &'static str, run: Run) -> Self {
        Route {
            method,
            path,
            name,
            summary: "",
            twin: "",
            query: &[],
            body: None,
            status: 200,
            answer: None,
            is_open: false,
            run,
        }
    }

    const fn says(mut self, summary: &'static str, twin: &'static str) -> Self {
        self.summary = summary;
        self.twin = twin;
        self
    }

    const fn query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    const fn body(mut self, schema: &'static str, example: &'static str) -> Self {
        self.body = Some(Body { schema, example });
        self
    }

    const fn answers(mut self, status: u16, schema: &'static str) -> Self {
        self.status = status;
        self.answer = Some(schema);
        self
    }

    const fn answers_nothing(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    const fn open(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Matches a path; returns the segment at `{id}`, or an empty string.
    pub(super) fn matches(&self, path: &str) -> Option<String> {
        let mut id = String::new();
        let mut given = path.split('/');
        for own in self.path.split('/') {
            let given = given.next()?;
            if own == "{id}" && !given.is_empty() {
                id = percent_decode_str(given).decode_utf8_lossy().into_owned();
            } else if own != given {
                return None;
            }
        }
        given.next().is_none().then_some(id)
    }
}

const fn parameter(name: &'static str, kind: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        kind,
        description,
    }
}

const ACCOUNT: Parameter = parameter("account", "string", "The account; the first one by default");
const OF_ACCOUNT: Parameter = parameter("account", "string", "Only of this account");
const LIMIT: Parameter = parameter("limit", "integer", "The maximum number; 100 by default");

pub(super) static ROUTES: &[Route] = &[
    Route::new(Method::GET, "/health", "health", Now(handlers::health))
        .says("Whether the service runs; needs no token", "-")
        .answers(200, "Health")
        .open(),
    Route::new(Method::GET, "/ready", "ready", Now(handlers::health))
        .says("Whether the service accepts requests; needs no token", "-")
        .answers(200, "Health")
        .open(),
    Route::new(Method::GET, "/version", "version", Now(handlers::version))
        .says("The program's version, the provider that it emulates, and its seed", "Mock::profile_name, Mock::seed")
        .answers(200, "Version"),
    Route::new(Method::GET, "/limits", "limits", Now(handlers::limits))
        .says(
            "What is emulated, on what evidence, and what is not; the switches of providers",
            "Mock::limits, Profile::switches",
        )
        .answers(200, "Limits"),
    Route::new(Method::GET, "/stats", "stats", Now(handlers::stats))
        .says("Counts of everything that the service holds", "Mock::stats")
        .answers(200, "Stats"),
    Route::new(Method::GET, "/routes", "routes", Now(handlers::routes))
        .says("This list", "-")
        .answers(200, "Routes"),
    Route::new(Method::GET, "/openapi.json", "document", Now(handlers::document))
        .says("The OpenAPI 3.1 document of this interface", "-")
        .answers(200, "Document"),
    Route::new(Method::GET, "/clock", "clock", Now(handlers::clock))
        .says(
            "The time, and the time of the next event without a request",
            "Mock::now, Mock::clock_speed, Mock::next_event",
        )
        .answers(200, "Clock"),
    Route::new(
        Method::POST,
        "/clock",
        "moveClock",
        Later(|call| Box::pin(handlers::move_clock(call))),
    )
    .says(
        "Advances a manual clock; callbacks that fall due are delivered before the answer",
        "Mock::advance, Mock::set_time, Mock::advance_to_next, Mock::run_until_idle, Mock::deliver_callbacks",
    )
    .body("ClockRequest", r#"{"advance":"1m30s"}"#)
    .answers(200, "ClockMove"),
    Route::new(Method::POST, "/reset", "reset", Now(handlers::reset))
        .says(
            "Clears everything except accounts and keys, or a part of it",
            "Mock::reset, Mock::reset_scope",
        )
        .query(&[parameter("scope", "string", "all (the default), tasks, journal or faults")])
        .answers_nothing(204),
    Route::new(Method::GET, "/faults", "faults", Now(handlers::faults))
        .says("The armed faults, and how often each acted", "Mock::faults")
        .answers(200, "Faults"),
    Route::new(Method::POST, "/faults", "arm", Now(handlers::arm))
        .says("Arms one more fault", "Mock::arm")
        .body("FaultRequest", r#"{"fault":"create#1@after:reset"}"#)
        .answers(201, "Fault"),
    Route::new(Method::PUT, "/faults", "replaceFaults", Now(handlers::replace_faults))
        .says("Replaces all faults", "Mock::replace_faults")
        .body("FaultsRequest", r#"{"faults":["get#2:503","asset:truncate=1000"]}"#)
        .answers(200, "Faults"),
    Route::new(Method::DELETE, "/faults", "disarmAll", Now(handlers::disarm_all))
        .says("Removes all faults", "Mock::reset_scope")
        .answers_nothing(204),
    Route::new(Method::GET, "/faults/{id}", "fault", Now(handlers::fault))
        .says("One fault", "Mock::faults")
        .answers(200, "Fault"),
    Route::new(Method::PUT, "/faults/{id}", "replaceFault", Now(handlers::replace_fault))
        .says("Replaces a fault", "Mock::replace_fault")
        .body("FaultRequest", r#"{"fault":"get:503 x2"}"#)
        .answers(200, "Fault"),
    Route::new(Method::DELETE, "/faults/{id}", "disarm", Now(handlers::disarm))
        .says("Removes a fault", "Mock::disarm")
        .answers_nothing(204),
    Route::new(
        Method::GET,
        "/journal",
        "journal",
        Later(|call| Box::pin(handlers::journal(call))),
    )
    .says(
        "The requests and their answers, without secrets",
        "Mock::journal, Mock::journal_after, Mock::journal_wait, Mock::totals",
    )
    .query(&[
        parameter("after", "integer", "Only entries with a greater number; the first is 1"),
        LIMIT,
        parameter("wait", "string", "How long to wait for an entry, such as 5s; at most a minute"),
    ])
    .answers(200, "JournalPage"),
    Route::new(Method::DELETE, "/journal", "clearJournal", Now(handlers::clear_journal))
        .says("Clears the journal and its counts", "Mock::reset_scope")
        .answers_nothing(204),
    Route::new(Method::POST, "/verify", "verify", Now(handlers::verify))
        .says(
            "Checks expectations; if one is not met, 409 and a transcript",
            "Mock::verify",
        )
        .body(
            "Expectation",
            r#"{"requests":[{"operation":"create","times":1}],"charges":1,"no_unmatched":true}"#,
        )
        .answers(200, "Verified"),
    Route::new(Method::GET, "/ledger", "ledger", Now(handlers::ledger))
        .says("The amount billed to each account", "Mock::ledger")
        .query(&[OF_ACCOUNT])
        .answers(200, "Ledger"),
    Route::new(Method::GET, "/charges", "charges", Now(handlers::charges))
        .says("The charges, in order", "Mock::charges")
        .query(&[
            OF_ACCOUNT,
            parameter("task", "string", "Only for this task, by its id or external id"),
        ])
        .answers(200, "Charges"),
    Route::new(Method::GET, "/accounts", "accounts", Now(handlers::accounts))
        .says("The accounts, without their keys", "Mock::accounts")
        .answers(200, "Accounts"),
    Route::new(Method::POST, "/accounts", "addAccount", Now(handlers::add_account))
        .says("Adds an account; only this answer contains its API key", "Mock::add_account")
        .body("AccountRequest", r#"{"name":"second","slots":2,"plan":"after(1s, 2s)"}"#)
        .answers(201, "AccountOpened"),
    Route::new(Method::GET, "/accounts/{id}", "account", Now(handlers::account))
        .says("One account, by its name", "Mock::accounts")
        .answers(200, "Account"),
    Route::new(Method::PATCH, "/accounts/{id}", "changeAccount", Now(handlers::change_account))
        .says("Changes an account from the next request on", "Mock::change_account")
        .body("AccountChange", r#"{"state":"exhausted","slots":null}"#)
        .answers(200, "Account"),
    Route::new(Method::DELETE, "/accounts/{id}", "removeAccount", Now(handlers::remove_account))
        .says("Closes an account; its charges stay", "Mock::remove_account")
        .answers_nothing(204),
    Route::new(Method::GET, "/accounts/{id}/totals", "accountTotals", Now(handlers::totals))
        .says("The account's requests, by operation and outcome", "Mock::totals_of")
        .answers(200, "Counts"),
    Route::new(Method::GET, "/accounts/{id}/secret", "webhookSecret", Now(handlers::secret))
        .says("The secret that signs the account's callbacks", "Mock::webhook_secret")
        .answers(200, "WebhookSecret"),
    Route::new(
        Method::POST,
        "/accounts/{id}/secret",
        "rotateWebhookSecret",
        Now(handlers::rotate_secret),
    )
    .says("Replaces the account's webhook secret", "Mock::rotate_webhook_secret")
    .query(&[parameter(
        "mode",
        "string",
        "standard (the default): the old one also signs for seven more days; emergency: it does not",
    )])
    .body("SecretRequest", r#"{"secret":"whsec_dGVzdHNlY3JldA=="}"#)
    .answers_nothing(204),
    Route::new(
        Method::POST,
        "/accounts/{id}/clock",
        "advanceAccount",
        Later(|call| Box::pin(handlers::advance_account(call))),
    )
    .says("Advances the clock of one account alone", "Mock::advance_account")
    .body("AdvanceRequest", r#"{"advance":"5m"}"#)
    .answers_nothing(202),
    Route::new(Method::GET, "/tasks", "tasks", Now(handlers::tasks))
        .says("The tasks of an account, newest first; does not count as a query", "Mock::tasks")
        .query(&[
            ACCOUNT,
            parameter("skip", "integer", "The number of tasks to skip"),
            LIMIT,
        ])
        .answers(200, "Tasks"),
    Route::new(Method::POST, "/tasks", "addTask", Now(handlers::add_task))
        .says("Adds a task to an account without a request; it is billed", "Mock::add_task")
        .body("NewTask", r#"{"scene":"hug","external_task_id":"order-7","plan":"stuck"}"#)
        .answers(201, "Task"),
    Route::new(Method::GET, "/tasks/{id}", "task", Now(handlers::task))
        .says("One task, by its id or external id; does not count as a query", "Mock::task")
        .answers(200, "Task"),
    Route::new(
        Method::PATCH,
        "/tasks/{id}",
        "steerTask",
        Later(|call| Box::pin(handlers::steer_task(call))),
    )
    .says(
        "Ends the current stage of a task, ends the task, or changes its plan",
        "Mock::release, Mock::finish, Mock::replan",
    )
    .body("SteerRequest", r#"{"fail":"Image pixel is invalid"}"#)
    .answers(200, "Task"),
    Route::new(Method::GET, "/plans", "plans", Now(handlers::plans))
        .says("The rules that decide the plan of a new task", "Mock::plan_rules")
        .answers(200, "Plans"),
    Route::new(Method::POST, "/plans", "addPlanRule", Now(handlers::add_plan_rule))
        .says("Adds a rule: a plan for some of the next creates", "Mock::add_plan_rule")
        .body("PlanRequest", r#"{"plan":"after(1s, 2m)","scene":"hug_pro","times":1}"#)
        .answers_nothing(204),
    Route::new(Method::DELETE, "/plans", "clearPlanRules", Now(handlers::clear_plan_rules))
        .says("Removes all these rules", "Mock::clear_plan_rules")
        .answers_nothing(204),
    Route::new(Method::GET, "/callbacks", "callbacks", Now(handlers::callbacks))
        .says("The delivery attempts of callbacks", "Mock::callback_attempts")
        .query(&[ACCOUNT])
        .answers(200, "Callbacks"),
    Route::new(
        Method::POST,
        "/callbacks/test",
        "testCallback",
        Later(|call| Box::pin(handlers::test_callback(call))),
    )
    .says("Sends the console's test callback, at most once every six seconds", "Mock::test_callback")
    .query(&[ACCOUNT])
    .body("TestCallbackRequest", r#"{"url":"http://127.0.0.1:9/hook"}"#)
    .answers_nothing(202),
    Route::new(
        Method::POST,
        "/callbacks/{id}/redeliver",
        "redeliver",
        Later(|call| Box::pin(handlers::redeliver(call))),
    )
    .says("Sends a callback again, with the same id and body and a new signature", "Mock::redeliver")
    .query(&[ACCOUNT])
    .answers_nothing(202),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<(&str, &str)>) {
        let found = ROUTES
            .iter()
            .find_map(|route| Some((route.path, route.matches(path)?)));
        let found = found.as_ref().map(|(path, id)| (*path, id.as_str()));
        assert_eq!(found, expected, "{path:?}");
    }

    #[test]
    fn a_segment_stands_for_an_id() {
        check("/health", Some(("/health", "")));
        check("/faults/7", Some(("/faults/{id}", "7")));
        check(
            "/accounts/a%2Fb/secret",
            Some(("/accounts/{id}/secret", "a/b")),
        );
        check("/callbacks/test", Some(("/callbacks/test", "")));
        check(
            "/callbacks/0/redeliver",
            Some(("/callbacks/{id}/redeliver", "0")),
        );
        for path in [
            "",
            "/",
            "/health/",
            "/faults/",
            "/faults/7/8",
            "//health",
            "/{id}",
        ] {
            check(path, None);
        }
    }

    /// A shadowed route could never be called.
    #[test]
    fn no_route_shadows_another() {
        for (index, route) in ROUTES.iter().enumerate() {
            let sample = route.path.replace("{id}", "test");
            let first = ROUTES
                .iter()
                .position(|other| other.method == route.method && other.matches(&sample).is_some());
            assert_eq!(first, Some(index), "{} {}", route.method, route.path);
        }
    }
}
