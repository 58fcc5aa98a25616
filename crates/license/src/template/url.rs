//! URLs that renewals may go to.

use fluent_uri::Uri;
use fluent_uri::component::Host;

/// Accepts an https URL with a host, and an http URL whose host is the loopback interface; says what is wrong with others.
pub(super) fn check(text: &str) -> Result<(), String> {
    let uri = Uri::parse(text).map_err(|error| format!("not a URL: {error}"))?;
    let authority = uri.authority().filter(|authority| !authority.host().is_empty());
    let authority = authority.ok_or_else(|| "a URL without a host".to_owned())?;
    let scheme = uri.scheme().as_str();
    if scheme.eq_ignore_ascii_case("https")
        || scheme.eq_ignore_ascii_case("http") && is_loopback(authority.host_parsed())
    {
        return Ok(());
    }
    Err("not https, which only a loopback host may do without".to_owned())
}

fn is_loopback(host: Host<'_>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::RegName(name) => name.as_str().eq_ignore_ascii_case("localhost"),
        Host::IpvFuture { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn https_anywhere_and_http_at_home() {
        for text in [
            "https://license.example/renew?x=1",
            "HTTPS://license.example",
            "https://192.0.2.1:8443/",
            "http://localhost:8080/renew",
            "http://LOCALHOST",
            "http://127.0.0.1/",
            "http://127.8.9.10:1",
            "http://[::1]:80/renew",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn nothing_else() {
        for (text, needle) in [
            ("http://license.example/", "not https"),
            ("http://127.0.0.1.example/", "not https"),
            ("http://localhost.example/", "not https"),
            ("http://127.0.0.1@license.example/", "not https"),
            ("http://[::2]/", "not https"),
            ("http://0.0.0.0/", "not https"),
            ("ftp://localhost/", "not https"),
            ("file:///etc/passwd", "without a host"),
            ("https:///renew", "without a host"),
            ("https:renew", "without a host"),
            ("license.example/renew", "not a URL"),
            ("https://license.example/a b", "not a URL"),
            ("https://license.example:port/", "not a URL"),
            ("https://ä.example/", "not a URL"),
        ] {
            let reason = check(text).unwrap_err();
            assert!(reason.contains(needle), "{text}: {reason}");
        }
    }
}
