//! Colours on terminals, and writing to standard output.

use std::io::{ErrorKind, IsTerminal, Write, stdout};

use anstyle::{AnsiColor, Style};

/// Whether there are colours.
#[derive(Clone, Copy)]
pub struct Paint(bool);

impl Paint {
    /// On a terminal, unless `NO_COLOR` is set (<https://no-color.org>) or the terminal is a dumb one.
    pub fn of_standard_output() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self(stdout().is_terminal() && !unwanted && !dumb)
    }

    fn styled(self, style: Style, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// A heading.
    pub fn heading(self, text: &str) -> String {
        self.styled(Style::new().bold(), text)
    }

    /// A key id.
    pub fn key(self, text: &str) -> String {
        self.styled(AnsiColor::Cyan.on_default(), text)
    }

    /// What is encrypted.
    pub fn encrypted(self, text: &str) -> String {
        self.styled(AnsiColor::Yellow.on_default(), text)
    }

    /// What is clear, or right.
    pub fn clear(self, text: &str) -> String {
        self.styled(AnsiColor::Green.on_default(), text)
    }

    /// What is wrong.
    pub fn wrong(self, text: &str) -> String {
        self.styled(AnsiColor::Red.on_default(), text)
    }

    /// Less important.
    pub fn aside(self, text: &str) -> String {
        self.styled(Style::new().dimmed(), text)
    }
}

/// Text from files without what would steer a terminal: control characters other than line ends become U+FFFD. Colours stay.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match style_length(rest) {
            0 => first.len_utf8(),
            length => length,
        };
        let (part, after) = rest.split_at(length);
        let steers = length == first.len_utf8() && first.is_control() && first != '\n';
        out.push_str(if steers { "\u{fffd}" } else { part });
        rest = after;
    }
    out
}

/// A sentence with text from files or names in it, on one line and without what would steer a terminal.
pub fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

/// Bytes of the escape sequence for a colour or the like at the start of a text; 0 if none is there.
fn style_length(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\x1b[") else { return 0 };
    let end = parameters.bytes().position(|byte| !matches!(byte, b'0'..=b'9' | b';')).unwrap_or(parameters.len());
    if parameters.as_bytes().get(end) == Some(&b'm') { 2 + end + 1 } else { 0 }
}

/// Writes to standard output. Whoever reads it may have seen enough.
pub fn write(text: &str) -> Result<(), String> {
    let mut out = stdout().lock();
    match out.write_all(harmless(text).as_bytes()).and_then(|()| out.flush()) {
        Err(fault) if fault.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {fault}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{harmless, one_line};

    #[test]
    fn text_from_files_steers_no_terminal() {
        for (given, expected) in [
            ("plain\n\u{e4}", "plain\n\u{e4}"),
            ("\x1b[1mbold\x1b[0m \x1b[38;5;1mred\x1b[m", "\x1b[1mbold\x1b[0m \x1b[38;5;1mred\x1b[m"),
            ("\x1b]0;title\x07 \x1b[2J \x1b[ \x1b", "\u{fffd}]0;title\u{fffd} \u{fffd}[2J \u{fffd}[ \u{fffd}"),
            ("a\rb\tc\u{9b}31m\0", "a\u{fffd}b\u{fffd}c\u{fffd}31m\u{fffd}"),
        ] {
            assert_eq!(harmless(given), expected);
        }
        assert_eq!(one_line("a\nb\r\x1b[1mc\u{9b}\u{e4}"), "a\u{fffd}b\u{fffd}\u{fffd}[1mc\u{fffd}\u{e4}");
    }
}
