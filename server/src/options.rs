//! The command line.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{ArgGroup, Parser, ValueEnum};

/// The license service for com.policyplay.drm over HTTP.
///
/// POST /license /renew /release /provision take a device's message, or a license template in JSON around one; POST
/// /clearkey takes a W3C Clear Key request if --clear-key is given; GET (or HEAD) /health tells whether the service can answer; GET
/// /authority gives the certificate that devices may be told to trust, X.509 in DER.
#[derive(Parser)]
#[command(name = "native-drm-license-server", version, group = ArgGroup::new("store").required(true))]
pub struct Options {
    /// Where to listen; port 0 takes a free one. The first line of standard output tells where that is.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,

    /// Keeps the state in a directory, which one server uses.
    #[arg(long, value_name = "DIR", group = "store")]
    pub data: Option<PathBuf>,

    /// Keeps the state in PostgreSQL, which several servers may share: postgres://USER:PASSWORD@HOST/NAME. Better given in
    /// the environment, where other users do not see it.
    #[arg(long, value_name = "URL", group = "store", env = "NATIVE_DRM_DATABASE", hide_env_values = true)]
    pub database: Option<String>,

    /// Authorities (PEM) of the database's certificate. With them the database is reached over TLS only, and the host in
    /// its address must be the one in its certificate.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "memory"], env = "NATIVE_DRM_DATABASE_CA")]
    pub database_ca: Option<PathBuf>,

    /// Forgets everything in the end.
    #[arg(long, group = "store")]
    pub memory: bool,

    /// File with the 32 random bytes that protect the secrets in the database; the same for all of its servers.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["data", "memory"], env = "NATIVE_DRM_MASTER_KEY")]
    pub master_key: Option<PathBuf>,

    /// Catalogue (JSON) of providers, policies and contents to add at the start. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub catalog: Vec<PathBuf>,

    /// The rules for license templates.
    #[arg(long, value_enum, default_value_t = Rules::Strict)]
    pub profile: Rules,

    /// Lets everybody decide over keys and policies, not only providers with a token. For tests.
    #[arg(long)]
    pub trust_everyone: bool,

    /// Answers POST /clearkey: whoever asks gets keys in the clear. For tests and demos.
    #[arg(long)]
    pub clear_key: bool,

    /// Certificate chain (PEM) for TLS.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// Private key (PEM) for TLS.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Days that a device's certificate is valid for.
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub certificate_days: u32,

    /// Licenses that are kept for a device, of those that it stores and of the others. With one more the oldest is forgotten:
    /// it can be neither renewed nor released.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub licenses_per_device: u32,

    /// Bytes in the largest request.
    #[arg(long, value_name = "BYTES", default_value_t = 262_144, value_parser = clap::value_parser!(u32).range(1024..=262_144))]
    pub max_body: u32,

    /// Seconds until a request must have arrived, then until it must have been answered, then until the answer must have been
    /// taken.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub timeout: u32,

    /// Connections at a time; more have to wait.
    #[arg(long, value_name = "NUMBER", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_connections: u32,

    /// Connections at a time from one address, or one IPv6 network of 64 bits; 0 for any number. More are closed. This
    /// machine's own addresses are not limited.
    #[arg(long, value_name = "NUMBER", default_value_t = 128)]
    pub connections_per_address: u32,

    /// Requests a second from one address, ten times as many at once; 0 for any number. A device's provisioning counts as
    /// ten. More are answered 429. This machine's own addresses are not limited.
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub requests_per_second: u32,

    /// Address of a reverse proxy: requests from it count for the last address in X-Forwarded-For that is not a proxy's.
    /// May be given several times.
    #[arg(long, value_name = "ADDRESS")]
    pub trusted_proxy: Vec<IpAddr>,

    /// Lines that are logged in a second, of each level; 0 for any number. The rest is counted.
    #[arg(long, value_name = "NUMBER", default_value_t = 500)]
    pub log_lines: u32,

    /// What is logged, as a line of JSON each, to standard error.
    #[arg(long, value_enum, default_value_t = LogLevel::Info)]
    pub log: LogLevel,
}

/// Profiles of the license template.
#[derive(Clone, Copy, ValueEnum)]
pub enum Rules {
    /// Every rule.
    Strict,
    /// What Azure's samples send is accepted.
    Azure,
}

/// How much to log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What should not happen.
    Error,
    /// Refused requests, too.
    Warn,
    /// Every request.
    Info,
}
