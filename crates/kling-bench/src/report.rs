//! The table of results.

use std::fmt::Write as _;

use serde_json::json;

/// A row: our figure, the baseline's, and the goal.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: f64,
    /// The baseline's name and figure.
    pub(crate) baseline: Option<(&'static str, f64)>,
    /// The median and the spread of the rounds' ratios.
    pub(crate) ratio: Option<(f64, f64)>,
    pub(crate) goal: Goal,
}

/// The upper limit of a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    None,
    AtMost(f64),
    RatioAtMost(f64),
}

impl Row {
    fn met(&self) -> Option<bool> {
        let ratio = self.ratio.map(|(median, _)| median);
        match self.goal {
            Goal::None => None,
            Goal::AtMost(most) => Some(self.ours <= most),
            Goal::RatioAtMost(most) => ratio.map(|ratio| ratio <= most),
        }
    }

    fn goal(&self) -> String {
        match self.goal {
            Goal::None => String::new(),
            Goal::AtMost(most) => format!("≤ {} {}", figure(most), self.unit),
            Goal::RatioAtMost(most) => format!("≤ {} x", figure(most)),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Row>);

impl Report {
    pub(crate) fn add(&mut self, row: Row) {
        self.0.push(row);
    }

    /// Whether there is a goal, and none was missed.
    pub(crate) fn all_met(&self) -> bool {
        let mut met = self.0.iter().filter_map(Row::met).peekable();
        met.peek().is_some() && met.all(|met| met)
    }

    /// Whether a benchmark that started at `before` rows worked: it added a row, and every
    /// figure is a number.
    pub(crate) fn is_whole_since(&self, before: usize) -> bool {
        let added = self.0.get(before..).unwrap_or_default();
        let failed = |row: &Row| row.ours.is_nan() || row.baseline.is_some_and(|it| it.1.is_nan());
        !added.is_empty() && !added.iter().any(failed)
    }

    pub(crate) fn rows(&self) -> usize {
        self.0.len()
    }

    /// As Markdown.
    pub(crate) fn table(&self) -> String {
        let mut text =
            "| what | ours | compared with | ratio | goal | |\n|---|---|---|---|---|---|"
                .to_owned();
        for row in &self.0 {
            let baseline = row.baseline.map_or_else(String::new, |(name, value)| {
                format!("{} {} ({name})", figure(value), row.unit)
            });
            let ratio = row.ratio.map_or_else(String::new, |(median, spread)| {
                format!("{median:.2} x ± {spread:.2}")
            });
            let verdict = match row.met() {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => "",
            };
            let (what, ours, unit, goal) = (&row.what, figure(row.ours), row.unit, row.goal());
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n| {what} | {ours} {unit} | {baseline} | {ratio} | {goal} | {verdict} |"
            );
        }
        text
    }

    pub(crate) fn json(&self) -> String {
        let rows = self.0.iter().map(|row| {
            json!({
                "what": row.what,
                "unit": row.unit,
                "ours": row.ours,
                "baseline": row.baseline.map(|(name, value)| json!({"name": name, "value": value})),
                "ratio": row.ratio.map(|(median, _)| median),
                "spread": row.ratio.map(|(_, spread)| spread),
                "goal": row.goal(),
                "met": row.met(),
            })
        });
        format!("{:#}\n", rows.collect::<serde_json::Value>())
    }
}

/// Rounds to three significant digits.
fn figure(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        medium if medium >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(figures: &[(f64, Goal)]) -> Report {
        let row = |(ours, goal): &(f64, Goal)| Row {
            what: "a figure".into(),
            unit: "ms",
            ours: *ours,
            baseline: None,
            ratio: None,
            goal: *goal,
        };
        Report(figures.iter().map(row).collect())
    }

    #[test]
    fn a_benchmark_fails_without_a_row_or_with_nan() {
        let check = |ours, baseline, whole| {
            let mut report = report(&[(f64::NAN, Goal::None), (ours, Goal::None)]);
            report.0[1].baseline = Some(("another", baseline));
            assert_eq!(report.is_whole_since(1), whole);
        };
        check(1.0, 2.0, true);
        check(f64::NAN, 2.0, false);
        check(1.0, f64::NAN, false);
        assert!(!report(&[]).is_whole_since(0));
    }

    #[test]
    fn the_gate_requires_a_goal_and_none_missed() {
        let check = |figures: &[(f64, Goal)], met| assert_eq!(report(figures).all_met(), met);
        check(&[], false);
        check(&[(1.0, Goal::None)], false);
        check(&[(1.0, Goal::AtMost(2.0)), (9.0, Goal::None)], true);
        check(&[(1.0, Goal::AtMost(2.0)), (3.0, Goal::AtMost(2.0))], false);
        check(&[(f64::NAN, Goal::AtMost(2.0))], false);
    }
}
