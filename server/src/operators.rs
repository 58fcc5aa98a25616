//! Who may administer: operators with a token each, and on a Unix socket whoever may open it.

use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use base::secret::SecretString;
use subtle::ConstantTimeEq;

/// Bytes in the shortest token.
const LEAST: usize = 16;

type Tokens = Vec<(String, SecretString)>;

/// The operators of `--admin-tokens`.
pub struct Operators {
    path: Option<PathBuf>,
    tokens: RwLock<Tokens>,
}

/// Lines of a name and a token, between them white space; empty lines and those with `#` in front count for nothing.
fn read(path: &Path) -> Result<Tokens, String> {
    let words = |reason: String| format!("--admin-tokens {}: {reason}", path.display());
    let text = std::fs::read_to_string(path).map_err(|fault| words(fault.to_string()))?;
    let text = SecretString::from(text);
    let mut tokens = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // The line may be a token without name: it is not shown.
        let Some((name, token)) = line.split_once(char::is_whitespace) else {
            return Err(words(format!("line {} is not NAME TOKEN", number + 1)));
        };
        let token = token.trim();
        if token.len() < LEAST || token.contains(char::is_whitespace) {
            return Err(words(format!(
                "line {}: a token has at least {LEAST} bytes, none of them white space",
                number + 1
            )));
        }
        tokens.push((name.to_owned(), SecretString::from(token.to_owned())));
    }
    if tokens.is_empty() {
        return Err(words("nobody is named in it".into()));
    }
    Ok(tokens)
}

/// Tokens that were read and are not used yet.
pub struct Fresh(Tokens);

impl Operators {
    pub fn new(path: Option<&Path>) -> Result<Self, String> {
        let tokens = path.map(read).transpose()?.unwrap_or_default();
        Ok(Self { path: path.map(Path::to_owned), tokens: RwLock::new(tokens) })
    }

    /// Reads the file anew; nothing counts before [`Operators::take`].
    pub fn read_again(&self) -> Result<Option<Fresh>, String> {
        self.path.as_deref().map(|path| read(path).map(Fresh)).transpose()
    }

    pub fn take(&self, fresh: Fresh) {
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = fresh.0;
    }

    /// The name of whoever has the token; without a file of tokens, the user at the other end of the socket.
    pub fn who(&self, token: Option<&str>, user: Option<u32>) -> Option<String> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        if self.path.is_none() {
            return user.map(|user| format!("user {user}"));
        }
        let token = token?.as_bytes();
        let mut found = None;
        for (name, known) in &*tokens {
            if bool::from(known.as_bytes().ct_eq(token)) {
                found = Some(name.clone());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_known_by_their_tokens() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens");
        std::fs::write(&path, "# who\nanna  0123456789abcdef\n\nben\tfedcba9876543210\n").unwrap();
        let operators = Operators::new(Some(&path)).unwrap();
        let who = |token| operators.who(token, Some(0));
        assert_eq!(who(Some("0123456789abcdef")).as_deref(), Some("anna"));
        assert_eq!(who(Some("fedcba9876543210")).as_deref(), Some("ben"));
        assert_eq!((who(Some("0123456789abcdeF")), who(Some("")), who(None)), (None, None, None));
        for bad in ["", "anna", "anna short", "anna 0123456789abcdef more"] {
            std::fs::write(&path, bad).unwrap();
            let Err(reason) = operators.read_again() else { panic!("{bad}") };
            assert!(!reason.contains("0123456789abcdef"), "{reason}");
        }
        assert_eq!(who(Some("0123456789abcdef")).as_deref(), Some("anna"), "as long as nothing better is read");
        assert_eq!(Operators::new(None).unwrap().who(None, Some(1000)).as_deref(), Some("user 1000"));
        assert_eq!(Operators::new(None).unwrap().who(None, None), None);
    }
}
