//! The report of a run: JSON, JUnit and Markdown.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::checks::find;
use crate::exchange::{Exchange, quoted};
use crate::status::Status;
use crate::suite::CheckResult;
use crate::target::Host;

/// The results of a run.
#[derive(Debug, Clone)]
pub struct Report {
    host: Host,
    /// The command, if the report is about a client.
    client: Option<String>,
    results: Vec<CheckResult>,
}

impl Report {
    /// Creates a report about a server.
    pub fn new(host: Host, results: Vec<CheckResult>) -> Self {
        Report {
            host,
            client: None,
            results,
        }
    }

    /// Creates a report about the client that this command runs.
    pub(crate) fn of_client(host: Host, command: &str, results: Vec<CheckResult>) -> Self {
        Report {
            client: Some(command.to_owned()),
            ..Report::new(host, results)
        }
    }

    /// The result of each check.
    pub fn results(&self) -> &[CheckResult] {
        &self.results
    }

    /// The worst status. From [`Status::Fail`] on, the target does not conform.
    pub fn worst(&self) -> Status {
        let worst = self.results.iter().map(|result| result.status).max();
        worst.unwrap_or(Status::Disabled)
    }

    /// The number of results with each status, such as `61 pass, 2 skip`.
    pub fn summary(&self) -> String {
        let counts = [
            Status::Error,
            Status::Fail,
            Status::Warn,
            Status::Pass,
            Status::Skip,
            Status::Disabled,
        ]
        .map(|status| (status, self.count(status)));
        let shown: Vec<String> = (counts.iter().filter(|(_, count)| *count > 0))
            .map(|(status, count)| format!("{count} {status}"))
            .collect();
        shown.join(", ")
    }

    /// A shell command that reproduces a result.
    pub fn reproduce(&self, result: &CheckResult) -> String {
        match &self.client {
            Some(command) => format!(
                "kling conformance client --provider {} --only {} --command {}",
                self.host(),
                result.check,
                quoted(command)
            ),
            None => result
                .exchanges
                .last()
                .map(Exchange::curl)
                .unwrap_or_default(),
        }
    }

    fn count(&self, status: Status) -> usize {
        self.with(status).count()
    }

    fn with(&self, status: Status) -> impl Iterator<Item = &CheckResult> {
        self.results.iter().filter(move |it| it.status == status)
    }

    fn host(&self) -> &'static str {
        match self.host {
            Host::Comet => "comet",
            Host::Kling => "kling",
        }
    }

    /// The report as JSON.
    pub fn to_json(&self) -> Value {
        let results = self.results.iter().map(|result| {
            let check = find(result.check);
            json!({
                "check": result.check,
                "level": check.map(|check| check.level.name()),
                "description": check.map(|check| check.description),
                "facts": check.map(|check| check.facts),
                "status": result.status.name(),
                "message": result.message,
                "exchanges": result.exchanges.iter().map(exchange_json).collect::<Vec<_>>(),
            })
        });
        json!({
            "format": 1,
            "host": self.host(),
            "client": self.client,
            "status": self.worst().name(),
            "results": results.collect::<Vec<_>>(),
        })
    }

    /// The report as `JUnit` XML, which CI systems read.
    pub fn to_junit(&self) -> String {
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuite name=\"kling-conformance/{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n",
            self.host(),
            self.results.len(),
            self.count(Status::Fail),
            self.count(Status::Error),
            self.count(Status::Skip) + self.count(Status::Disabled),
        );
        for result in &self.results {
            let (group, name) = result.check.split_once('.').unwrap_or(("", result.check));
            let _ = write!(
                text,
                "  <testcase classname=\"{}\" name=\"{}\">",
                xml(group),
                xml(name)
            );
            let message = xml(result.message.as_deref().unwrap_or_default());
            let element = match result.status {
                Status::Pass => None,
                Status::Disabled | Status::Skip => Some("skipped"),
                Status::Warn => Some("system-out"),
                Status::Fail => Some("failure"),
                Status::Error => Some("error"),
            };
            let _ = match element {
                None => Ok(()),
                Some("system-out") => write!(text, "<system-out>warning: {message}</system-out>"),
                Some("skipped") => write!(text, "<skipped message=\"{message}\"/>"),
                Some(element) => {
                    let reproduce = xml(&self.reproduce(result));
                    write!(
                        text,
                        "<{element} message=\"{message}\">{reproduce}</{element}>"
                    )
                }
            };
            text.push_str("</testcase>\n");
        }
        text.push_str("</testsuite>\n");
        text
    }

    /// The report as Markdown.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# Conformance: {}\n\n{}\n\n", self.host(), self.summary());
        text.push_str("| check | level | status | requirement |\n|---|---|---|---|\n");
        for result in &self.results {
            let check = find(result.check);
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} |",
                result.check,
                check.map_or("", |check| check.level.name()),
                result.status,
                check.map_or("", |check| check.description),
            );
        }
        for result in self.results.iter().filter(|it| it.status > Status::Pass) {
            let why = result.message.as_deref().unwrap_or_default();
            let _ = write!(text, "\n## {} `{}`\n\n{why}\n", result.status, result.check);
            if !result.exchanges.is_empty() {
                let _ = write!(
                    text,
                    "\n```sh\n{}\n```\n\n```text\n",
                    self.reproduce(result)
                );
                for exchange in last(result) {
                    let status = exchange.status.map_or("-".to_owned(), |it| it.to_string());
                    let Exchange {
                        method,
                        url,
                        request,
                        answer,
                        ..
                    } = exchange;
                    let _ = writeln!(text, "> {method} {url}\n> {request}\n< {status} {answer}");
                }
                text.push_str("```\n");
            }
        }
        text
    }
}

/// The last exchanges, which are the most relevant ones.
fn last(result: &CheckResult) -> &[Exchange] {
    const MOST: usize = 5;
    let from = result.exchanges.len().saturating_sub(MOST);
    result.exchanges.get(from..).unwrap_or_default()
}

fn exchange_json(exchange: &Exchange) -> Value {
    json!({
        "method": exchange.method,
        "url": exchange.url,
        "request": exchange.request,
        "status": exchange.status,
        "answer": exchange.answer,
        "curl": exchange.curl(),
    })
}

/// Escapes text for XML; characters that XML 1.0 does not allow are replaced.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' => safe.push_str("&#10;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
