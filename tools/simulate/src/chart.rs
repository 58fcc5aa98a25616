//! Draws requests per second as SVG: a panel for each kind of outage, a line for each jitter.

use std::fmt::Write;

use crate::count::Counts;

const LEFT: u32 = 76;
const WIDTH: u32 = 760;
const RIGHT: u32 = 24;
const TOP: u32 = 64;
const HEIGHT: u32 = 150;
const APART: u32 = 46;
/// Colours that differ in lightness, too.
const COLOURS: [&str; 4] = ["#c5221f", "#0b5fa5", "#d98c1f", "#5f6368"];
/// Pixels of one line's step: of the seconds in it the busiest counts.
const STEP: u32 = 1;

/// A line.
pub struct Series<'a> {
    /// Index of its panel.
    pub panel: usize,
    /// Its name; the same one has the same colour in all panels.
    pub name: &'a str,
    /// What it shows.
    pub counts: &'a Counts,
}

fn text(out: &mut String, (x, y): (u32, u32), anchor: &str, more: &str, words: &str) {
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\"{more}>{words}</text>");
}

/// Powers of ten on the axis: up to the busiest second.
fn decades(series: &[Series<'_>]) -> u32 {
    let most = series.iter().map(|series| series.counts.peak(0, |second| u64::from(second.requests)).1).max();
    most.unwrap_or(1).max(10).ilog10() + 1
}

/// The picture. `panels` are the panels' titles.
pub fn draw(title: &str, subtitle: &str, panels: &[&str], series: &[Series<'_>]) -> String {
    let (decades, seconds) = (decades(series), series.first().map_or(1, |first| first.counts.0.len().max(1)) as u32);
    let height = TOP + panels.len() as u32 * (HEIGHT + APART) + 8;
    let width = LEFT + WIDTH + RIGHT;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\">\n<title>{title}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    text(&mut out, (20, 26), "start", " font-size=\"16\" font-weight=\"bold\"", title);
    text(&mut out, (20, 44), "start", " fill=\"#5f6368\"", subtitle);
    let mut names: Vec<&str> = Vec::new();
    for line in series {
        if !names.contains(&line.name) {
            names.push(line.name);
        }
    }
    let colour = |name: &str| COLOURS[names.iter().position(|other| *other == name).unwrap_or(0) % COLOURS.len()];
    for (index, name) in names.iter().enumerate() {
        let x = width - RIGHT - 120 * (names.len() - index) as u32;
        let _ = writeln!(out, "<rect x=\"{x}\" y=\"34\" width=\"12\" height=\"12\" fill=\"{}\"/>", colour(name));
        text(&mut out, (x + 17, 44), "start", "", name);
    }
    for (index, panel) in panels.iter().enumerate() {
        let top = TOP + index as u32 * (HEIGHT + APART) + 16;
        text(&mut out, (LEFT, top - 6), "start", " font-weight=\"bold\"", panel);
        for decade in 0..=decades {
            let y = top + HEIGHT - HEIGHT * decade / decades;
            let _ =
                writeln!(out, "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\" stroke=\"#e0e0e0\"/>", LEFT + WIDTH);
            let value = grouped(10_u64.pow(decade));
            text(&mut out, (LEFT - 8, y + 4), "end", " fill=\"#5f6368\"", &value);
        }
        let hours = seconds.div_ceil(3600);
        let apart = hours.div_ceil(12).max(1) * 3600 / if hours <= 3 { 2 } else { 1 };
        for at in (0..=seconds).step_by(apart as usize) {
            let x = LEFT + (u64::from(WIDTH) * u64::from(at) / u64::from(seconds)) as u32;
            let label = format!("{}:{:02}", at / 3600, at % 3600 / 60);
            text(&mut out, (x, top + HEIGHT + 15), "middle", " fill=\"#5f6368\"", &label);
        }
        for line in series.iter().filter(|line| line.panel == index) {
            let points = points(line.counts, seconds, decades, top);
            let _ = writeln!(
                out,
                "<polyline points=\"{points}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.3\"/>",
                colour(line.name)
            );
        }
    }
    out + "</svg>\n"
}

fn grouped(value: u64) -> String {
    if value >= 1000 { format!("{},000", value / 1000) } else { value.to_string() }
}

fn points(counts: &Counts, seconds: u32, decades: u32, top: u32) -> String {
    let mut points = String::new();
    for pixel in (0..WIDTH).step_by(STEP as usize) {
        let second = |pixel: u32| (u64::from(seconds) * u64::from(pixel) / u64::from(WIDTH)) as usize;
        let (from, to) = (second(pixel), second(pixel + STEP).max(second(pixel) + 1));
        let most = counts.0[from..to.min(counts.0.len())].iter().map(|second| second.requests).max().unwrap_or(0);
        let part = f64::from(most.max(1)).log10() / f64::from(decades);
        let _ = write!(points, "{}{},{:.1}", if pixel == 0 { "" } else { " " }, LEFT + pixel, {
            f64::from(top + HEIGHT) - f64::from(HEIGHT) * part
        });
    }
    points
}
