//! Which pages in browsers may ask: cross-origin resource sharing (WHATWG Fetch, section 3.3).
//!
//! A browser lets a page of another origin read an answer only if the answer names that origin, refusals included; and asks
//! beforehand (OPTIONS, "preflight") whether it may send what forms cannot, such as `Authorization`. This guards users of
//! browsers, not the service: whoever is no browser sends what it likes. Cookies are not used, so none are allowed.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use hyper::http::uri::{PathAndQuery, Uri};
use hyper::{Method, Request};

/// Headers that a page may always send. Others that it asks for are allowed, too: the service does not look at them.
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type");
/// What a page may read beside the body.
const EXPOSED: HeaderValue = HeaderValue::from_static("retry-after, www-authenticate, x-request-id");
/// Seconds for which a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// What `--allow-origin` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// `*`.
    Any,
    /// As browsers write it: scheme, host, port unless it is the scheme's own.
    One(String),
}

impl std::str::FromStr for AllowedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let wrong = |reason: &str| Err(format!("{reason}; an origin is *, or like https://www.example.org:8443"));
        let Ok(uri) = text.parse::<Uri>() else { return wrong("not an origin") };
        let scheme = uri.scheme_str().unwrap_or_default();
        let (Some(authority), "http" | "https") = (uri.authority(), scheme) else {
            return wrong("it needs the scheme http or https");
        };
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return wrong("it has a host and maybe a port, nothing else");
        }
        // Uri takes a missing path for "/", which in the text would be one.
        if uri.path_and_query().is_some_and(|path| *path != PathAndQuery::from_static("/")) || text.ends_with('/') {
            return wrong("it has no path");
        }
        if authority.as_str() != authority.host() && authority.port_u16().is_none() {
            return wrong("bad port");
        }
        let host = authority.host().to_ascii_lowercase();
        let port = authority.port_u16().filter(|&port| port != if scheme == "https" { 443 } else { 80 });
        Ok(Self::One(port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}"))))
    }
}

/// The origins whose pages may ask.
#[derive(Default)]
pub struct Cors(Vec<AllowedOrigin>);

/// What a request says of the page that sends it.
pub struct Page {
    origin: Option<HeaderValue>,
    /// Headers that a preflight asks for; `None` if it is none.
    preflight: Option<Option<HeaderValue>>,
}

impl Page {
    pub fn of<B>(request: &Request<B>) -> Self {
        let headers = request.headers();
        let is_preflight = request.method() == Method::OPTIONS
            && headers.contains_key(ORIGIN)
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        Self {
            origin: headers.get(ORIGIN).cloned(),
            preflight: is_preflight.then(|| headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned()),
        }
    }

    /// Whether the browser asks what it may send, and nothing else.
    pub fn is_preflight(&self) -> bool {
        self.preflight.is_some()
    }
}

impl Cors {
    pub fn new(origins: &[AllowedOrigin]) -> Self {
        Self(origins.to_vec())
    }

    pub fn allows(&self, page: &Page) -> bool {
        page.origin.as_ref().is_some_and(|origin| self.allow(origin).is_some())
    }

    /// What an answer says if a page of `origin` may read it.
    fn allow(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        if self.0.contains(&AllowedOrigin::Any) {
            return Some(HeaderValue::from_static("*"));
        }
        let text = origin.to_str().ok()?;
        let listed = |allowed: &AllowedOrigin| matches!(allowed, AllowedOrigin::One(known) if known == text);
        self.0.iter().any(listed).then(|| origin.clone())
    }

    /// Adds to an answer what the page's browser needs. `methods` are those of the path.
    pub fn mark(&self, page: &Page, methods: &'static str, headers: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        if !self.0.contains(&AllowedOrigin::Any) {
            // For caches, also where there is no origin this time.
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
        let Some(allowed) = page.origin.as_ref().and_then(|origin| self.allow(origin)) else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        let Some(asked) = &page.preflight else {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            return;
        };
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone().unwrap_or(HEADERS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        headers.append(VARY, HeaderValue::from_static("access-control-request-headers"));
    }
}

/// For clap: a value is one origin or several with commas between them.
pub fn parse_origin(text: &str) -> Result<AllowedOrigin, String> {
    text.trim().parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_browsers_write_them() {
        let one = |text: &str| AllowedOrigin::One(text.to_owned());
        for (text, expected) in [
            ("*", AllowedOrigin::Any),
            ("https://player.example.org", one("https://player.example.org")),
            ("HTTPS://Player.Example.ORG:443", one("https://player.example.org")),
            ("http://localhost:80", one("http://localhost")),
            ("http://localhost:8080", one("http://localhost:8080")),
            ("https://[2001:db8::1]:8443", one("https://[2001:db8::1]:8443")),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "null",
            "example.org",
            "https://",
            "https://a/",
            "https://a/b",
            "https://a?b",
            "ftp://a",
            "https://u@a",
            "https://a:",
            "https://a:99999",
            "file:///x",
            "https://*.example.org/",
            "*.example.org",
            "https://a b",
        ] {
            assert!(text.parse::<AllowedOrigin>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_origin_itself_is_allowed() {
        let cors = Cors::new(&["https://a.example".parse().unwrap()]);
        let page = |origin| Page::of(&Request::builder().header(ORIGIN, origin).body(()).unwrap());
        assert!(cors.allows(&page("https://a.example")));
        for other in
            ["http://a.example", "https://a.example:8443", "https://b.a.example", "https://a.example.org", "null"]
        {
            assert!(!cors.allows(&page(other)), "{other}");
            assert!(Cors::new(&[AllowedOrigin::Any]).allows(&page(other)), "{other}");
            assert!(!Cors::default().allows(&page(other)), "{other}");
        }
    }
}
