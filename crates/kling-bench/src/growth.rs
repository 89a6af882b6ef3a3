//! Plots how costs grow with size: `--plot FILE`.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::measure::size;
use crate::report::{Goal, Report, Row};
use crate::{http, mock};

const INK: RGBColor = RGBColor(0x1f, 0x4e, 0x9e);
const SIZE: (u32, u32) = (960, 640);

/// A curve, measured at sizes in a logarithmic range.
struct Curve {
    title: &'static str,
    sizes: &'static [u32],
    /// The maximum of the vertical axis, which starts at 0.
    top: f64,
    cost: fn(u32) -> f64,
}

static CURVES: &[Curve] = &[
    Curve {
        title: "mock: bytes of each live task, by their number",
        sizes: size(&[1_000, 10_000, 100_000, 1_000_000], &[100, 1_000]),
        top: 500.0,
        cost: |tasks| mock::tasks::bytes_each(tasks as usize),
    },
    Curve {
        title: "mock: microseconds of a query, by the number of tasks",
        sizes: size(&[1_000, 10_000, 100_000, 1_000_000], &[100, 1_000]),
        top: 20.0,
        cost: |tasks| mock::tasks::query_among(tasks as usize),
    },
    Curve {
        title: "client: bytes of each waiting handle, by their number",
        sizes: size(&[100, 1_000, 10_000, 100_000], &[10, 100]),
        top: 3000.0,
        cost: |handles| http::waiters::bytes_each(handles).unwrap_or(f64::NAN),
    },
    Curve {
        title: "client: peak memory of a create, in sizes of its picture, by bytes",
        sizes: &[1_000_000, 2_000_000, 5_000_000, 10_000_000],
        top: 4.0,
        cost: |bytes| http::create::peak_of(bytes as usize),
    },
];

/// Measures the curves and draws them.
pub(crate) fn plot(report: &mut Report, path: &Path) -> Result<(), Box<dyn Error>> {
    let page = SVGBackend::new(path, SIZE).into_drawing_area();
    page.fill(&WHITE)?;
    for (curve, panel) in CURVES.iter().zip(page.split_evenly((2, 2))) {
        eprintln!("{} ...", curve.title);
        let points: Vec<_> = (curve.sizes.iter())
            .map(|&size| (f64::from(size), (curve.cost)(size)))
            .collect();
        draw(&panel, curve, &points)?;
        for (size, cost) in points {
            report.add(Row {
                what: format!("{}: {size}", curve.title),
                unit: "",
                ours: cost,
                baseline: None,
                ratio: None,
                goal: Goal::None,
            });
        }
    }
    page.present()?;
    Ok(())
}

fn draw(
    panel: &DrawingArea<SVGBackend<'_>, Shift>,
    curve: &Curve,
    points: &[(f64, f64)],
) -> Result<(), Box<dyn Error>> {
    let (Some(&(first, _)), Some(&(last, _))) = (points.first(), points.last()) else {
        return Ok(());
    };
    let mut chart = ChartBuilder::on(panel)
        .caption(curve.title, ("sans-serif", 15))
        .margin(16)
        .x_label_area_size(28)
        .y_label_area_size(48)
        .build_cartesian_2d((first..last).log_scale(), 0.0..curve.top)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .x_labels(points.len())
        .x_label_formatter(&|size| short(*size))
        .draw()?;
    chart.draw_series(LineSeries::new(points.iter().copied(), INK.stroke_width(2)))?;
    let dots = points
        .iter()
        .map(|&point| Circle::new(point, 3, INK.filled()));
    chart.draw_series(dots)?;
    Ok(())
}

/// 1,000 as `1k`.
fn short(size: f64) -> String {
    match size {
        size if size >= 1e6 => format!("{}M", size / 1e6),
        size if size >= 1e3 => format!("{}k", size / 1e3),
        size => size.to_string(),
    }
}
