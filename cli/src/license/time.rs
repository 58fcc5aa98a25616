//! Durations and moments on the command line and in what is shown.

use std::time::Duration;

use der::DateTime;

/// More seconds than this are no duration of a license.
const LONGEST: i64 = 100 * 366 * 86_400;
/// The first second of the year 10000, and the seconds of 400 years.
const YEAR_10000: i64 = 253_402_300_800;
const ERA: i64 = 146_097 * 86_400;
const UNITS: [(&str, i64); 4] = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];

/// Reads `90`, `90s`, `5min` (or `5m`), `48h`, `7d`, or several of these one after another: seconds.
pub fn duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text}: not a number of seconds, or something like 90s, 5min, 48h, 7d, 1h30min");
    let mut rest = text.trim();
    let mut seconds = 0_i64;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        let factor = match unit {
            "" if digits == text.trim().len() => 1,
            "m" => 60,
            unit => UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?.1,
        };
        let number: i64 = number.parse().map_err(|_| wrong())?;
        seconds = number.checked_mul(factor).and_then(|more| seconds.checked_add(more)).ok_or_else(wrong)?;
        rest = after.trim_start();
    }
    if seconds > LONGEST {
        return Err(format!("{text}: more than 100 years"));
    }
    Ok(seconds)
}

/// Seconds as `2 d 3 h`.
pub fn spelled(seconds: i64) -> String {
    let mut left = seconds;
    let mut parts = Vec::new();
    for (name, size) in UNITS {
        if left >= size {
            parts.push(format!("{} {name}", left / size));
            left %= size;
        }
    }
    if parts.is_empty() { format!("{seconds} s") } else { parts.join(" ") }
}

/// Reads a moment: `2026-11-30T12:00:00Z`, `2026-11-30`, or seconds since 1970.
pub fn moment(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text}: not a moment such as 2026-11-30T12:00:00Z, nor seconds since 1970");
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(seconds).filter(|seconds| (0..YEAR_10000).contains(seconds)).ok_or_else(wrong);
    }
    let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    let parsed: DateTime = whole.parse().map_err(|_| wrong())?;
    i64::try_from(parsed.unix_duration().as_secs()).map_err(|_| wrong())
}

/// Seconds since 1970 as `2026-11-30T12:00:00Z`, and `+10000-01-01T00:00:00Z` behind the year 9999 (ISO 8601's expanded form, which
/// few programs read, but a date that is left out would look like none); none before 1970.
pub fn date(seconds: i64) -> Option<String> {
    // The calendar repeats itself every 400 years.
    let eras = (seconds - YEAR_10000).div_euclid(ERA) + 1;
    let (eras, sign) = if seconds < YEAR_10000 { (0, "") } else { (eras, "+") };
    let since = Duration::from_secs(u64::try_from(seconds - eras * ERA).ok()?);
    let known = DateTime::from_unix_duration(since).ok()?.to_string();
    let (year, rest) = known.split_once('-')?;
    let year = year.parse::<i64>().ok()? + eras * 400;
    Some(format!("{sign}{year:04}-{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("0", 0),
            ("90", 90),
            ("90s", 90),
            ("5m", 300),
            ("5min", 300),
            ("1h30min", 5400),
            ("7d", 604_800),
            ("1d 2h", 93_600),
        ] {
            assert_eq!(duration(text), Ok(seconds), "{text}");
        }
        for text in ["", "x", "-1", "1y", "1.5h", "h", "5m3", "9223372036854775807d", "101 d 36600d"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!([0, 59, 60, 3661, 172_800].map(spelled), ["0 s", "59 s", "1 min", "1 h 1 min 1 s", "2 d"]);
    }

    #[test]
    fn moments() {
        // date -u -d 2026-11-30T12:00:00Z +%s
        assert_eq!(moment("2026-11-30T12:00:00Z"), Ok(1_796_040_000));
        assert_eq!(moment("2026-11-30"), Ok(1_796_040_000 - 43_200));
        assert_eq!(moment("1796040000"), Ok(1_796_040_000));
        assert_eq!(date(1_796_040_000).as_deref(), Some("2026-11-30T12:00:00Z"));
        for text in ["", "yesterday", "2026-13-01", "-1", "253402300800", "99999999999999"] {
            assert!(moment(text).is_err(), "{text}");
        }
        // date -u -d @SECONDS +%FT%TZ
        for (seconds, wanted) in [
            (0, "1970-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "+10000-01-01T00:00:00Z"),
            (253_407_484_800, "+10000-03-01T00:00:00Z"),
            (266_025_081_599, "+10399-12-31T23:59:59Z"),
            (1_000_000_000_000, "+33658-09-27T01:46:40Z"),
        ] {
            assert_eq!(date(seconds).as_deref(), Some(wanted), "{seconds}");
        }
        assert_eq!(date(-1), None);
        assert!(date(i64::MAX).is_some());
    }
}
