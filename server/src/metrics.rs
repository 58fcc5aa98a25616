//! What is counted, for Prometheus (OpenMetrics 1.0).

use std::sync::atomic::AtomicI64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper limits of the classes of answer times, seconds.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    path: &'static str,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Path {
    path: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Given {
    path: &'static str,
    class: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Refused {
    rule: String,
}

/// The counters. Their labels are from the program, never from outside: nobody makes them many.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Path, Histogram>,
    refusals: Family<Refused, Counter>,
    licenses: Family<Given, Counter>,
    connections: Gauge,
    store: Gauge<i64, AtomicI64>,
}

impl Metrics {
    pub fn new() -> Self {
        let requests = Family::<Answered, Counter>::default();
        let seconds = Family::<Path, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        let refusals = Family::<Refused, Counter>::default();
        let licenses = Family::<Given, Counter>::default();
        let (connections, store) = (Gauge::default(), Gauge::default());
        let mut registry = Registry::with_prefix("native_drm");
        registry.register("requests", "Requests, by path and status of the answer", requests.clone());
        registry.register("request_seconds", "Time from the head of a request to its answer", seconds.clone());
        registry.register("refusals", "Refused requests, by rule", refusals.clone());
        let help =
            "Licenses that were issued (/license) and renewed (/renew), by the best track that they have a key for";
        registry.register("licenses", help, licenses.clone());
        registry.register("connections", "Connections that are open now", connections.clone());
        registry.register("store_up", "Whether a license could be recorded now", store.clone());
        Self { registry, requests, seconds, refusals, licenses, connections, store }
    }

    pub fn answered(&self, path: &'static str, status: u16, rule: Option<&str>, seconds: f64) {
        self.requests.get_or_create(&Answered { path, status }).inc();
        self.seconds.get_or_create(&Path { path }).observe(seconds);
        if let Some(rule) = rule {
            self.refusals.get_or_create(&Refused { rule: rule.to_owned() }).inc();
        }
    }

    /// A license was given.
    pub fn given(&self, path: &'static str, class: &'static str) {
        self.licenses.get_or_create(&Given { path, class }).inc();
    }

    pub fn connected(&self) -> Open<'_> {
        self.connections.inc();
        Open(&self.connections)
    }

    /// Everything as text.
    pub fn text(&self, store_is_up: bool) -> String {
        self.store.set(store_is_up.into());
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// A connection that counts until this is dropped.
pub struct Open<'a>(&'a Gauge);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
