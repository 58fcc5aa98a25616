//! Draws a timeline as SVG.

use license::policy::{State, Window};

use super::run::{Mark, Span, Timeline};
use super::time;

const LEFT: i64 = 110;
const WIDTH: i64 = 760;
const TOP: i64 = 16;
const ROW: i64 = 34;
/// At the right.
const MARGIN: i64 = 30;
const BAR: i64 = 20;
/// Least pixels between two times on the axis, and for each character of them.
const APART: i64 = 30;
const CHARACTER: i64 = 7;
/// Up to so many seconds times are numbers.
const SHORT: i64 = 600;

/// The picture.
pub fn draw(timeline: &Timeline) -> String {
    let mut picture = Picture { text: String::new(), length: timeline.length };
    picture.states(timeline, TOP);
    let windows = [Window::License, Window::Rental, Window::Playback, Window::Recovery];
    let shown: Vec<_> =
        windows.into_iter().filter(|window| timeline.spans.iter().any(|span| span.window == *window)).collect();
    let mut y = TOP + ROW;
    for window in &shown {
        let spans: Vec<_> = timeline.spans.iter().filter(|span| span.window == *window).copied().collect();
        picture.window(*window, &spans, y);
        y += ROW;
    }
    let inputs = [Mark::Input, Mark::Failure];
    picture.marks("input", timeline, &inputs, y);
    let events = [Mark::KeyRequired, Mark::Expiration, Mark::KeyChange, Mark::KeyExpired];
    picture.marks("events", timeline, &events, y + ROW);
    picture.axis(timeline, y + 2 * ROW);
    picture.legend(y + 3 * ROW);
    let (width, height) = (LEFT + WIDTH + MARGIN, y + 3 * ROW + 26);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<title>Timeline of a license</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{}</svg>",
        picture.text
    )
}

struct Picture {
    text: String,
    length: i64,
}

impl Picture {
    fn x(&self, at: i64) -> i64 {
        LEFT + at.clamp(0, self.length).saturating_mul(WIDTH) / self.length
    }

    /// Seconds since the issue, in words where there are many.
    fn time(&self, at: i64) -> String {
        if self.length <= SHORT { at.to_string() } else { time::spelled(at) }
    }

    fn line(&mut self, element: &str) {
        self.text.push_str(element);
        self.text.push('\n');
    }

    fn label(&mut self, text: &str, y: i64) {
        self.line(&format!("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{text}</text>", LEFT - 10, y + BAR / 2 + 4));
    }

    fn bar(&mut self, (from, to): (i64, i64), y: i64, style: &str, text: &str) {
        let (left, right) = (self.x(from), self.x(to));
        self.line(&format!(
            "<rect x=\"{left}\" y=\"{y}\" width=\"{}\" height=\"{BAR}\" {style}/>",
            (right - left).max(1)
        ));
        let room = i64::try_from(text.len()).unwrap_or(i64::MAX).saturating_mul(8);
        if room < right - left {
            let middle = i64::midpoint(left, right);
            self.line(&format!("<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{text}</text>", y + 14));
        }
    }

    fn states(&mut self, timeline: &Timeline, y: i64) {
        self.label("state", y);
        for (index, (from, state)) in timeline.states.iter().enumerate() {
            let to = timeline.states.get(index + 1).map_or(self.length, |(next, _)| *next);
            let color = match state {
                State::Ready => "#cfe8ff",
                State::Playing => "#b5e6b5",
                State::Renewing => "#ffe08a",
                State::Expired | State::Blocked => "#f2b8b5",
                State::ClockLocked | State::None => "#dddddd",
            };
            self.bar((*from, to), y, &format!("fill=\"{color}\""), state.word());
        }
    }

    /// What counted is filled; what would have counted, had nothing come between, is dashed.
    fn window(&mut self, window: Window, spans: &[Span], y: i64) {
        self.label(window.word(), y);
        for span in spans {
            let to = span.until.map_or(span.to, |until| until.min(span.to));
            self.bar((span.from.min(to), to), y, "fill=\"#e0e0f2\" stroke=\"#6a6aa5\"", "");
        }
        for span in spans {
            if let Some(until) = span.until.filter(|until| *until < span.to) {
                self.bar((until, span.to), y, "fill=\"none\" stroke=\"#6a6aa5\" stroke-dasharray=\"3 3\"", "");
            }
        }
        // The last ones first: where there is no room for all, those count.
        let mut taken: Vec<(i64, i64)> = Vec::new();
        for span in spans.iter().rev() {
            let text = self.time(span.to) + if span.to > self.length { " \u{2192}" } else { "" };
            let width = i64::try_from(text.chars().count()).unwrap_or(i64::MAX).saturating_mul(CHARACTER) + 6;
            let (left, right) = (self.x(span.from), self.x(span.to));
            let inside = right - left >= width;
            let place = if inside { (right - width, right) } else { (right, right + width) };
            let fits =
                place.1 <= LEFT + WIDTH + MARGIN && taken.iter().all(|taken| place.1 <= taken.0 || place.0 >= taken.1);
            if fits {
                taken.push(place);
                let (x, anchor) = if inside { (right - 3, "end") } else { (right + 3, "start") };
                self.line(&format!("<text x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\">{text}</text>", y + 14));
            }
        }
    }

    fn marks(&mut self, label: &str, timeline: &Timeline, marks: &[Mark], y: i64) {
        self.label(label, y);
        let middle = y + BAR / 2;
        for moment in timeline.moments.iter().filter(|moment| marks.contains(&moment.mark)) {
            let x = self.x(moment.at);
            let title = format!("<title>{} s: {}</title>", moment.at, moment.what);
            let shape = shape(moment.mark, x, middle);
            self.line(&format!("<g>{title}{shape}</g>"));
        }
    }

    fn axis(&mut self, timeline: &Timeline, y: i64) {
        self.line(&format!("<path d=\"M{LEFT} {y}h{WIDTH}\" stroke=\"#444444\"/>"));
        // Where there is no room for all, changes of state have their numbers first.
        let states = timeline.states.iter().map(|(at, _)| *at);
        let times = states.chain([self.length]).chain(timeline.moments.iter().map(|moment| moment.at));
        let mut numbered: Vec<(i64, i64)> = Vec::new();
        for at in times {
            let x = self.x(at);
            self.line(&format!("<path d=\"M{x} {y}v5\" stroke=\"#444444\"/>"));
            let text = self.time(at);
            let width = APART.max(i64::try_from(text.len()).unwrap_or(i64::MAX).saturating_mul(CHARACTER));
            if numbered.iter().all(|(other, of_other)| (other - x).abs() >= width.midpoint(*of_other)) {
                numbered.push((x, width));
                self.line(&format!("<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{text}</text>", y + 18));
            }
        }
        let unit = if self.length <= SHORT { "seconds" } else { "since issue" };
        // Beside the axis' own zero.
        let x = if self.length <= SHORT { LEFT - 10 } else { LEFT - 20 };
        self.line(&format!("<text x=\"{x}\" y=\"{}\" text-anchor=\"end\">{unit}</text>", y + 18));
    }

    fn legend(&mut self, y: i64) {
        let entries = [
            (Mark::Input, "accepted"),
            (Mark::Failure, "failed"),
            (Mark::KeyRequired, "KEY_REQUIRED"),
            (Mark::Expiration, "EXPIRATION_UPDATE"),
            (Mark::KeyChange, "KEY_CHANGE"),
            (Mark::KeyExpired, "KEY_EXPIRED"),
        ];
        let mut x = LEFT;
        for (mark, text) in entries {
            let shape = shape(mark, x + 6, y + 4);
            self.line(&format!("{shape}<text x=\"{}\" y=\"{}\">{text}</text>", x + 18, y + 8));
            x += 36 + i64::try_from(text.len()).unwrap_or_default() * 8;
        }
    }
}

fn shape(mark: Mark, x: i64, y: i64) -> String {
    match mark {
        Mark::Input => format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"6\" fill=\"#2e7d32\"/>"),
        Mark::Failure => {
            format!("<path d=\"M{} {}l10 10m0 -10l-10 10\" stroke=\"#c62828\" stroke-width=\"3\"/>", x - 5, y - 5)
        }
        Mark::KeyRequired => format!("<path d=\"M{x} {}l7 13h-14z\" fill=\"#ef8f00\"/>", y - 7),
        Mark::Expiration => {
            format!("<path d=\"M{x} {}l6 8l-6 8l-6 -8z\" fill=\"none\" stroke=\"#1565c0\" stroke-width=\"2\"/>", y - 8)
        }
        Mark::KeyChange => format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"2.5\" fill=\"#1565c0\"/>"),
        Mark::KeyExpired => format!(
            "<rect x=\"{}\" y=\"{}\" width=\"14\" height=\"14\" fill=\"none\" stroke=\"#c62828\" stroke-width=\"2\"/>",
            x - 7,
            y - 7
        ),
    }
}
