//! Prints the jobs of a call as a table.

use unicode_width::UnicodeWidthStr as _;

use crate::summary::{JobSummary, shown_charge, shown_seconds};

const HEAD: [&str; 6] = ["picture", "state", "time", "charge", "video", "reason"];

/// As wide as its texts, in columns; a reason keeps its first line.
pub(crate) fn table(rows: &[JobSummary]) -> String {
    let mut lines = vec![HEAD.map(str::to_owned)];
    for row in rows {
        let output = row.output.as_ref().map(|path| path.display().to_string());
        let reason = row.reason.as_deref().unwrap_or_default();
        let cells = [
            row.title(),
            row.state.name().replace('_', " "),
            shown_seconds(row.seconds),
            shown_charge(row),
            output.unwrap_or_else(|| "-".to_owned()),
            reason.lines().next().unwrap_or_default().to_owned(),
        ];
        // A line break in a name must not break the table.
        lines.push(cells.map(|cell| cell.replace(char::is_control, "\u{fffd}")));
    }
    let mut widths = [0; HEAD.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.width());
        }
    }
    let shown: Vec<String> = lines.iter().map(|line| aligned(line, &widths)).collect();
    shown.join("\n")
}

fn aligned(line: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, width) in line.iter().zip(widths) {
        text.push_str(cell);
        text.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
    }
    text.trim_end().to_owned()
}
