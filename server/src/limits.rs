//! How much one address may ask for: requests by a bucket of tokens, and connections at a time.
//!
//! An IPv6 address counts with the 64 bits of its network. Addresses of this machine are not limited, unless one is named as
//! a proxy: then whoever it forwards for is.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use hyper::HeaderMap;

/// Seconds in which an address that was quiet may ask at once what it may ask in all of them.
const BURST: f64 = 10.0;
/// Addresses that are remembered, twice: the former ones are forgotten when there are as many new ones.
const MAX_REMEMBERED: usize = 1 << 16;

/// The limits, and who has used how much.
pub struct Limits {
    /// Requests a second and address; 0 for any number.
    requests: f64,
    /// Connections at a time and address; 0 for any number.
    connections: u32,
    /// Whose `X-Forwarded-For` counts.
    proxies: Vec<IpAddr>,
    buckets: Mutex<Buckets>,
    open: Mutex<HashMap<IpAddr, u32>>,
}

#[derive(Default)]
struct Buckets {
    present: HashMap<IpAddr, Bucket>,
    former: HashMap<IpAddr, Bucket>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    pub address: IpAddr,
    /// What its requests count for; none if they are not limited.
    key: Option<IpAddr>,
}

/// A connection that counts until this is dropped.
pub struct Connection<'a>(Option<(&'a Limits, IpAddr)>);

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing in here is left half-done by a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is counted for an address; none for this machine.
fn key(address: IpAddr) -> Option<IpAddr> {
    let key = match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let network = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(network))
        }
        other => other,
    };
    (!key.is_loopback()).then_some(key)
}

/// An address as proxies write it: some with the port behind it.
fn address_in(name: &str) -> Option<IpAddr> {
    let bare = || name.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let with_port = || name.parse::<SocketAddr>().ok().map(|address| address.ip());
    name.parse().ok().or_else(with_port).or_else(bare)
}

impl Limits {
    pub fn new(requests: u32, connections: u32, proxies: &[IpAddr]) -> Self {
        let proxies = proxies.iter().map(IpAddr::to_canonical).collect();
        Self { requests: f64::from(requests), connections, proxies, buckets: Mutex::default(), open: Mutex::default() }
    }

    /// Whether an address is a trusted proxy's.
    pub fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxies.contains(&peer.to_canonical())
    }

    /// Who asks: the other end, or whom the last of the known proxies has named.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let mut address = peer.to_canonical();
        // A client's own part may be any bytes; the proxy's, which may stand in the same line, counts nevertheless.
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        let mut named = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        // From the right: what is left of the first unknown one may be made up.
        while self.proxies.contains(&address) {
            // It asks for itself.
            let Some(name) = named.next() else { return Client { address, key: None } };
            let next = std::str::from_utf8(name.trim_ascii()).ok().and_then(address_in);
            // All whom it does not name so that they can be told apart count as one.
            let Some(next) = next else { return Client { address, key: Some(address) } };
            address = next.to_canonical();
        }
        Client { address, key: key(address) }
    }

    /// Whether `client` may have something that costs so much now.
    pub fn take(&self, client: Client, cost: f64, now: Instant) -> bool {
        let Some(key) = client.key.filter(|_| self.requests > 0.0) else {
            return true;
        };
        let full = self.requests * BURST;
        let mut buckets = locked(&self.buckets);
        let known = buckets.present.get(&key).or_else(|| buckets.former.get(&key)).copied();
        let mut bucket = known.unwrap_or(Bucket { tokens: full, filled: now });
        let passed = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed * self.requests).min(full);
        bucket.filled = bucket.filled.max(now);
        // With a low limit a full bucket is enough for everything.
        let cost = cost.min(full);
        let enough = bucket.tokens >= cost;
        if enough {
            bucket.tokens -= cost;
        }
        if buckets.present.len() >= MAX_REMEMBERED {
            buckets.former = std::mem::take(&mut buckets.present);
        }
        buckets.present.insert(key, bucket);
        enough
    }

    /// Counts a connection; none if there are enough from its address.
    pub fn connect(&self, peer: IpAddr) -> Option<Connection<'_>> {
        let peer = peer.to_canonical();
        let Some(key) = key(peer).filter(|_| self.connections > 0 && !self.proxies.contains(&peer)) else {
            return Some(Connection(None));
        };
        let mut open = locked(&self.open);
        let count = open.entry(key).or_default();
        if *count >= self.connections {
            return None;
        }
        *count += 1;
        Some(Connection(Some((self, key))))
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        let Some((limits, key)) = self.0 else { return };
        let mut open = locked(&limits.open);
        if let Some(count) = open.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                open.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// A client that asks without a proxy.
    fn direct(text: &str) -> Client {
        Limits::new(0, 0, &[]).client(address(text), &HeaderMap::new())
    }

    #[test]
    fn an_address_has_so_much_at_once_and_then_so_much_a_second() {
        let (limits, start) = (Limits::new(5, 0, &[]), Instant::now());
        let (one, other) = (direct("203.0.113.7"), direct("203.0.113.8"));
        let many = |client, cost, now| (0..1000).filter(|_| limits.take(client, cost, now)).count();
        assert_eq!(many(one, 1.0, start), 50);
        assert_eq!(many(one, 1.0, start + Duration::from_secs(2)), 10);
        assert_eq!(many(other, 10.0, start), 5);
        assert_eq!(many(one, 1.0, start + Duration::from_secs(1000)), 50);
        assert_eq!(many(direct("::ffff:203.0.113.7"), 1.0, start + Duration::from_secs(1000)), 0);
        assert_eq!(many(direct("2001:db8::1"), 1.0, start), 50);
        assert_eq!(many(direct("2001:db8::ffff:1"), 1.0, start), 0, "of the same network");
        assert_eq!(many(direct("2001:db8:0:1::1"), 1.0, start), 50);
        for local in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(many(direct(local), 1.0, start), 1000, "{local}");
        }
        // What costs more than there ever is takes all.
        assert!(Limits::new(1, 0, &[]).take(one, 99.0, start));
    }

    #[test]
    fn so_many_addresses_are_remembered() {
        let (limits, start) = (Limits::new(1, 0, &[]), Instant::now());
        let first = direct("10.0.0.0");
        for _ in 0..10 {
            assert!(limits.take(first, 1.0, start));
        }
        for number in 1..200_000_u32 {
            let other = IpAddr::V4((0x0a00_0000 + number).into());
            limits.take(limits.client(other, &HeaderMap::new()), 1.0, start);
            // Whoever comes back stays.
            if number % 1000 == 0 {
                assert!(!limits.take(first, 1.0, start));
            }
        }
        let buckets = locked(&limits.buckets);
        assert!(buckets.present.len() <= MAX_REMEMBERED && buckets.former.len() <= MAX_REMEMBERED);
    }

    #[test]
    fn proxies_that_are_known_say_who_asks() {
        let limits = Limits::new(1, 1, &[address("10.0.0.1"), address("10.0.0.2")]);
        let ask = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_bytes()).unwrap());
            }
            limits.client(address(peer), &headers)
        };
        let client = |peer: &str, lines: &[&str]| ask(peer, lines).address.to_string();
        assert_eq!(client("203.0.113.7", &["1.2.3.4"]), "203.0.113.7", "nobody knows this one");
        assert_eq!(client("10.0.0.1", &["1.2.3.4, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "203.0.113.7 ,10.0.0.2"]), "203.0.113.7");
        assert_eq!(client("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        // With ports, as some proxies write it.
        assert_eq!(client("10.0.0.1", &["1.2.3.4, 203.0.113.7:4711"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:4711, 10.0.0.2:1"]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["1.2.3.4, unknown"]), "10.0.0.1");
        // Whatever bytes a client has put in front.
        assert_eq!(client("10.0.0.1", &["é, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["é", "203.0.113.7"]), "203.0.113.7");
        let start = Instant::now();
        let is_limited = |client| !(0..100).all(|_| limits.take(client, 1.0, start));
        assert!(!is_limited(ask("10.0.0.1", &[])), "a proxy itself is not limited");
        for unreadable in ["é", "1.2.3.4, é", "1.2.3.4, unknown", "1.2.3.4,"] {
            assert!(is_limited(ask("10.0.0.2", &[unreadable])), "{unreadable}");
        }
        let local = Limits::new(1, 0, &[address("127.0.0.1")]);
        let headers =
            HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_static("unknown"))]);
        let unnamed = local.client(address("127.0.0.1"), &headers);
        assert!(!(0..100).all(|_| local.take(unnamed, 1.0, start)), "whoever a proxy on this machine does not name");
    }

    #[test]
    fn an_address_has_so_many_connections() {
        let limits = Limits::new(0, 2, &[address("10.0.0.1")]);
        let connect = |text| limits.connect(address(text));
        let (one, two) = (connect("203.0.113.7"), connect("203.0.113.7"));
        assert!(one.is_some() && two.is_some());
        assert!(connect("203.0.113.7").is_none());
        let others = ["203.0.113.8", "10.0.0.1", "10.0.0.1", "10.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1"];
        let others: Vec<_> = others.into_iter().map(connect).collect();
        assert!(others.iter().all(Option::is_some));
        drop(one);
        assert!(connect("203.0.113.7").is_some());
        drop((two, others));
        assert!(locked(&limits.open).is_empty());
    }
}
