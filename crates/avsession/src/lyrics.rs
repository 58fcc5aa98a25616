//! Lyrics in LRC format: lines with the time at which they are sung.
//!
//! A line is one or more time tags `[mm:ss]`, `[mm:ss.f]`, `[mm:ss.ff]` or `[mm:ss.fff]` (`:` instead of `.` also occurs)
//! and the words, in which `<mm:ss.ff>` may time single words. `[offset:ms]` moves all lines earlier by that time. Whatever
//! else is in the text, such as `[ti:…]`, is not a line.

/// A lyric, in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lyrics {
    lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    millis: i64,
    words: String,
}

impl Lyrics {
    /// Reads a lyric. Text that is no line is passed over.
    pub fn parse(text: &str) -> Self {
        let mut lines = Vec::new();
        let mut offset = 0;
        for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
            let mut rest = line.trim();
            let mut times = Vec::new();
            while let Some((tag, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                if let Some(millis) = time(tag) {
                    times.push(millis);
                } else if let Some(millis) = tag.strip_prefix("offset:").and_then(|value| value.trim().parse().ok()) {
                    offset = millis;
                } else {
                    break;
                }
                rest = after.trim_start();
            }
            if !times.is_empty() {
                let words = without_word_times(rest);
                lines.extend(times.into_iter().map(|millis| Line { millis, words: words.clone() }));
            }
        }
        for line in &mut lines {
            line.millis = line.millis.saturating_sub(offset);
        }
        // Stable: of lines with the same time, the one written last is the last.
        lines.sort_by_key(|line| line.millis);
        Self { lines }
    }

    /// The line at a position in milliseconds; none before the first.
    pub fn line_at(&self, millis: i64) -> Option<&str> {
        let after = self.lines.partition_point(|line| line.millis <= millis);
        self.lines[..after].last().map(|line| line.words.as_str())
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// The milliseconds of a time tag.
fn time(tag: &str) -> Option<i64> {
    let (minutes, rest) = tag.trim().split_once(':')?;
    let (seconds, fraction) = rest.split_once(['.', ':']).unwrap_or((rest, "0"));
    let seconds = digits(seconds, 2)?;
    let millis = digits(fraction, 3)? * 10_i64.pow(3 - u32::try_from(fraction.len()).ok()?);
    (seconds < 60).then_some(())?;
    Some((digits(minutes, 6)? * 60 + seconds) * 1000 + millis)
}

/// A number of 1 to `most` digits.
fn digits(text: &str, most: usize) -> Option<i64> {
    let fits = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

fn without_word_times(words: &str) -> String {
    let mut result = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('<') {
        result.push_str(before);
        match after.split_once('>') {
            Some((tag, after)) if time(tag).is_some() => rest = after,
            _ => {
                result.push('<');
                rest = after;
            }
        }
    }
    result.push_str(rest);
    result.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_guide() {
        let lyrics = Lyrics::parse("[00:25.44]first\r\n[00:26.44]second\r\n");
        assert_eq!(lyrics.len(), 2);
        assert_eq!(lyrics.line_at(25_439), None);
        assert_eq!(lyrics.line_at(25_440), Some("first"));
        assert_eq!(lyrics.line_at(26_439), Some("first"));
        assert_eq!(lyrics.line_at(26_440), Some("second"));
        assert_eq!(lyrics.line_at(i64::MAX), Some("second"));
    }

    #[test]
    fn forms_of_time() {
        for (tag, millis) in
            [("01:02", 62_000), ("1:02.5", 62_500), ("01:02.05", 62_050), ("01:02.005", 62_005), ("01:02:50", 62_500)]
        {
            let lyrics = Lyrics::parse(&format!("[{tag}]x"));
            assert_eq!(lyrics.line_at(millis), Some("x"), "{tag}");
            assert_eq!(lyrics.line_at(millis - 1), None, "{tag}");
        }
        assert_eq!(Lyrics::parse("[999999:59.999]x").line_at(59_999_999_999), Some("x"));
    }

    #[test]
    fn repeated_lines_word_times_and_offset() {
        let text =
            "\u{feff}[ti:Song]\n[ar:Band]\n[offset:+500]\n[00:30.00][00:10.00] <00:10.00>La <00:10.50>la\n[00:20]\n";
        let lyrics = Lyrics::parse(text);
        assert_eq!(lyrics.line_at(9_499), None);
        assert_eq!(lyrics.line_at(9_500), Some("La la"));
        assert_eq!(lyrics.line_at(19_500), Some(""), "a pause");
        assert_eq!(lyrics.line_at(29_500), Some("La la"));
        assert_eq!(Lyrics::parse("[offset:-250]\n[00:01]x").line_at(1_250), Some("x"));
    }

    #[test]
    fn what_is_no_line() {
        for text in [
            "",
            "[",
            "[]",
            "words",
            "[xx:yy]",
            "[00:60.00]x",
            "[00:-1]x",
            "[1234567:00]x",
            "[00:00.1234]x",
            "[00:0é]x",
            "[00:00",
            "[offset:99999999999999999999]",
            "words [00:01]x",
        ] {
            assert!(Lyrics::parse(text).is_empty(), "{text}");
        }
        assert_eq!(Lyrics::parse("[00:01]1 < 2 <b> <").line_at(1_000), Some("1 < 2 <b> <"));
        assert_eq!(Lyrics::parse("[offset:-9223372036854775808]\n[00:01]x").line_at(i64::MAX), Some("x"));
    }
}
