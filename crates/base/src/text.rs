//! Text in messages.

use std::borrow::Cow;

/// A message, or a part of one, that is a literal almost always.
pub type Text = Cow<'static, str>;

/// The first 80 characters of text from outside.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters() {
        let long = "ä".repeat(81);
        assert_eq!(shortened(&long), format!("{}…", "ä".repeat(80)));
        assert_eq!(shortened(&long[2..]), &long[2..]);
    }
}
