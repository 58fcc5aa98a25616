//! What a misspelt name was probably meant to be.

/// Longer names are not compared with those of the fields.
const LONGEST_COMPARED: usize = 64;

/// Words that name a unit of time: durations are all in seconds, so they tell no fields apart.
const UNITS: &[&str] =
    &["s", "sec", "secs", "second", "seconds", "ms", "millis", "milliseconds", "minutes", "hours", "days"];

/// The word that was probably meant: the same but for case and punctuation, a few letters different, or the only one that
/// has all words of the name.
pub fn closest(name: &str, known: impl Iterator<Item = &'static str> + Clone) -> Option<&'static str> {
    if name.len() > LONGEST_COMPARED {
        return None;
    }
    spelt_like(name, known.clone()).or_else(|| with_the_words(&words(name), known))
}

/// Whether a name is too like one of the known ones to stand for something else: spelt like it, or with two or more of its
/// words and no other.
pub(super) fn is_near(name: &str, known: &[&[&'static str]]) -> bool {
    if name.len() > LONGEST_COMPARED {
        return false;
    }
    let known = || known.iter().copied().flatten().copied();
    let given = words(name);
    spelt_like(name, known()).is_some() || (given.len() > 1 && known().any(|word| all_in(&given, word)))
}

fn spelt_like(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let plain = |text: &str| -> String {
        text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let name = plain(name);
    let distance = |word: &'static str| (strsim::damerau_levenshtein(&name, &plain(word)), word);
    let (distance, word) = known.map(distance).min_by_key(|(distance, _)| *distance)?;
    (distance <= word.len() / 5).then_some(word)
}

/// The known name with all words of another and fewest besides, if there is one such.
fn with_the_words(given: &[String], known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let mut found: Vec<_> = known.filter(|word| all_in(given, word)).map(|word| (words(word).len(), word)).collect();
    found.sort_unstable();
    match found[..] {
        [(_, word)] => Some(word),
        [(fewest, word), (next, _), ..] if fewest < next => Some(word),
        _ => None,
    }
}

fn all_in(given: &[String], known: &str) -> bool {
    let known = words(known);
    let same = |a: &str, b: &str| strsim::damerau_levenshtein(a, b) <= b.len() / 5;
    !given.is_empty() && given.iter().all(|word| known.iter().any(|other| same(word, other)))
}

/// The words of a name in snake case, camel case or with other punctuation, but for those of [`UNITS`].
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut former_is_lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() || (character.is_uppercase() && former_is_lower) {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        former_is_lower = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty() && !UNITS.contains(&&**word));
    words
}

#[cfg(test)]
mod tests {
    use super::super::overrides::PolicyOverrides;
    use super::{closest, is_near};

    #[test]
    fn near_misses_are_found_and_others_not() {
        let known = || ["can_play", "can_persist", "can_renew", "hdcp"].into_iter();
        for (name, meant) in [
            ("can persist", Some("can_persist")),
            ("canPersist", Some("can_persist")),
            ("can_presist", Some("can_persist")),
            ("CAN-RENEW", Some("can_renew")),
            ("HDCP", Some("hdcp")),
            ("persist", Some("can_persist")),
            ("can", None),
            ("key", None),
            ("", None),
            ("seconds", None),
            ("license", None),
        ] {
            assert_eq!(closest(name, known()), meant, "{name}");
        }
        assert_eq!(closest(&"can_play".repeat(100_000), known()), None);
    }

    #[test]
    fn every_policy_field_is_found_by_its_words_in_any_spelling() {
        let known = || PolicyOverrides::NAMES.iter().copied();
        let lists = &[PolicyOverrides::NAMES];
        for field in known() {
            let parts: Vec<_> = field.split('_').collect();
            let camel: String = parts.iter().map(|part| part[..1].to_uppercase() + &part[1..]).collect();
            for spelling in [field.to_uppercase(), field.replace('_', "-"), field.replace('_', " "), camel] {
                assert_eq!(closest(&spelling, known()), Some(field), "{spelling}");
                assert!(is_near(&spelling, lists), "{spelling}");
            }
            if let Some(stem) = field.strip_suffix("_seconds") {
                for spelling in [stem.to_owned(), format!("{stem}_ms"), format!("{stem}Hours"), format!("{stem}_sec")] {
                    assert_eq!(closest(&spelling, known()), Some(field), "{spelling}");
                    assert!(is_near(&spelling, lists), "{spelling}");
                }
            }
        }
        assert_eq!(closest("rental_duraton", known()), Some("rental_duration_seconds"));
        assert_eq!(closest("renewal_url", known()), Some("renewal_server_url"));
        assert_eq!(closest("duration", known()), None, "three fields have it");
        assert!(!is_near("server", lists) && !is_near("extra", lists) && !is_near("", lists));
    }
}
