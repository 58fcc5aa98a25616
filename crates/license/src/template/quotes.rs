//! Finds the quotation marks that a word processor or a web page put where JSON needs `"`.

/// Marks that are made of `"` or `'`, or stand for them in some language.
const MARKS: &[char] = &[
    '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}', '\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '\u{ab}', '\u{bb}',
    '\u{2039}', '\u{203a}', '\u{2032}', '\u{2033}', '\u{300c}', '\u{300d}', '\u{301d}', '\u{301e}', '\u{ff02}', '`',
    '\u{b4}', '\'',
];

/// What to say about the quotation marks of a text that is not JSON; none if they are not at fault. `line` and `column`
/// (in bytes), both from 1, are where the JSON parser gave up.
pub(super) fn explain(text: &str, line: usize, column: usize) -> Option<String> {
    let (mut inside, mut escaped, mut last_inside) = (false, false, None);
    for (index, row) in text.split('\n').enumerate().take(line) {
        for (at, (byte, character)) in row.char_indices().enumerate() {
            if index + 1 == line && byte >= column.max(1) {
                break;
            }
            let place = (character, index + 1, at + 1);
            match character {
                _ if escaped => escaped = false,
                '\\' if inside => escaped = true,
                '"' => inside = !inside,
                // The last string has ended where it should.
                ':' | ',' | ']' | '}' if !inside => last_inside = None,
                _ if !MARKS.contains(&character) => {}
                _ if inside => last_inside = Some(place),
                _ => return Some(say("is no quotation mark of JSON", place)),
            }
        }
    }
    // A string that begins with a right one and ends with a wrong one has swallowed what follows.
    last_inside.map(|place| say("ends no string", place))
}

fn say(what: &str, (character, line, column): (char, usize, usize)) -> String {
    let code = u32::from(character);
    format!("; `{character}` (U+{code:04X}) at line {line}, character {column}, {what}: strings are in \" (U+0022)")
}

#[cfg(test)]
mod tests {
    use super::super::json::parse;
    use super::MARKS;

    fn message(text: &str) -> String {
        parse(text.as_bytes()).err().unwrap().message().to_owned()
    }

    #[test]
    fn every_mark_is_named_where_it_stands() {
        for mark in MARKS {
            let code = format!("(U+{:04X})", u32::from(*mark));
            for (text, place) in [
                (format!("{{\n \t{mark}payload{mark}: 1}}"), "line 2, character 3"),
                (format!("{{\"ключ\": {mark}x{mark}}}"), "line 1, character 10"),
                (format!("{{\"payload\":{mark}x\"}}"), "line 1, character 12"),
                (format!("{{\"payload{mark}:1}}"), "line 1, character 10"),
                (format!("{{\"a\": [\"x\", \"y{mark}]}}\n"), "line 1, character 15"),
                (format!("{mark}"), "line 1, character 1"),
            ] {
                let message = message(&text);
                assert!(message.contains(&code) && message.contains(place), "{text}: {message}");
            }
        }
    }

    #[test]
    fn marks_that_are_not_at_fault_are_not_blamed() {
        for text in ["{\"provider\":\"“Acme”\",}", "{\"a\\\"“\":1,\"b\":x}", "{\"a\":1} “", "{\"a\":x, “b”:1}", "{“"]
        {
            let blamed = message(text).contains("U+");
            assert_eq!(blamed, text.ends_with('“'), "{text}: {}", message(text));
        }
        assert!(parse("{\"provider\":\"“Acme”’s «studio»\"}".as_bytes()).is_ok());
    }
}
