//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Parser, Subcommand, ValueEnum};
use license_service::RenewalJitter;

use crate::admin_listen::Place;
use crate::command::Administer;
use crate::cors::{AllowedOrigin, parse_origin};

/// The license service for com.policyplay.drm over HTTP.
///
/// POST /license /renew /release /provision take a device's message, or a license template in JSON around one; POST
/// /clearkey takes a W3C Clear Key request if --clear-key is given; GET (or HEAD) /health and /health/ready tell whether the service
/// can answer, /health/live that the process does; GET /authority gives the certificate that devices may be told to trust, X.509 in
/// DER.
#[derive(Parser)]
#[command(
    name = "native-drm-license-server",
    version,
    group = ArgGroup::new("store").required(true),
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Each option may also come from the environment, under the name that stands with it, and from the file of --config. \
                  The command line counts most, then the environment."
)]
pub struct Options {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// TOML file of options: names as here without the dashes in front, lists for those that may be given several times.
    #[arg(long, value_name = "FILE", env = "NATIVE_DRM_SERVER_CONFIG")]
    pub config: Option<PathBuf>,

    /// Where to listen, by address or by name; port 0 takes a free one. The first line of standard output tells where that is.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8443", env = "NATIVE_DRM_SERVER_LISTEN")]
    pub listen: String,

    /// Keeps the state in a directory, which one server uses.
    #[arg(long, value_name = "DIR", group = "store", env = "NATIVE_DRM_SERVER_DATA")]
    pub data: Option<PathBuf>,

    /// Keeps the state in PostgreSQL, which several servers may share: postgres://USER:PASSWORD@HOST/NAME. Better given in
    /// the environment, where other users do not see it.
    #[arg(long, value_name = "URL", group = "store", env = "NATIVE_DRM_DATABASE", hide_env_values = true)]
    pub database: Option<String>,

    /// Authorities (PEM) of the database's certificate. With them the database is reached over TLS only, and the host in
    /// its address must be the one in its certificate.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "memory"], env = "NATIVE_DRM_DATABASE_CA")]
    pub database_ca: Option<PathBuf>,

    /// The database's address is a pooler's that gives each transaction another connection, such as PgBouncer's in transaction
    /// mode: nothing is kept in connections, and what was confirmed is on the database's disk nevertheless.
    #[arg(long, conflicts_with_all = ["data", "memory"], env = "NATIVE_DRM_SERVER_DATABASE_POOLER")]
    pub database_pooler: bool,

    /// Forgets everything in the end.
    #[arg(long, group = "store", env = "NATIVE_DRM_SERVER_MEMORY")]
    pub memory: bool,

    /// File with the 32 random bytes that protect the secrets in the database; the same for all of its servers.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["data", "memory"], env = "NATIVE_DRM_MASTER_KEY")]
    pub master_key: Option<PathBuf>,

    /// Another master key (a file of 32 bytes) under which something in the store may still be sealed: while the key is being
    /// changed. May be given several times. See the command `reseal`.
    #[arg(long, value_name = "FILE", conflicts_with = "memory", env = "NATIVE_DRM_SERVER_OTHER_MASTER_KEY")]
    pub other_master_key: Vec<PathBuf>,

    /// Catalogue (JSON) of providers, policies and contents to add at the start. May be given several times.
    #[arg(long, value_name = "FILE", env = "NATIVE_DRM_SERVER_CATALOG")]
    pub catalog: Vec<PathBuf>,

    /// The rules for license templates.
    #[arg(long, value_enum, default_value_t = Rules::Strict, env = "NATIVE_DRM_SERVER_PROFILE")]
    pub profile: Rules,

    /// Lets everybody decide over keys and policies, not only providers with a token. For tests.
    #[arg(long, env = "NATIVE_DRM_SERVER_TRUST_EVERYONE")]
    pub trust_everyone: bool,

    /// Answers POST /clearkey: whoever asks gets keys in the clear. For tests and demos.
    #[arg(long, env = "NATIVE_DRM_SERVER_CLEAR_KEY")]
    pub clear_key: bool,

    #[allow(rustdoc::bare_urls, reason = "this is what --help says")]
    /// Origin whose pages in browsers may ask, such as https://www.example.org, or * for all. May be given several times, or
    /// with commas between them. Without it no page of another origin can read an answer.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', value_parser = parse_origin, env = "NATIVE_DRM_SERVER_ALLOW_ORIGIN")]
    pub allow_origin: Vec<AllowedOrigin>,

    /// Where operators administer the running server and Prometheus reads /metrics: a Unix socket, or an address of this
    /// machine.
    #[arg(long, value_name = "unix:PATH|ADDRESS:PORT", env = "NATIVE_DRM_SERVER_ADMIN_LISTEN")]
    pub admin_listen: Option<Place>,

    /// Operators: lines of NAME TOKEN. Without it whoever may open the Unix socket is one.
    #[arg(long, value_name = "FILE", requires = "admin_listen", env = "NATIVE_DRM_SERVER_ADMIN_TOKENS")]
    pub admin_tokens: Option<PathBuf>,

    /// File to which is appended who changes what; without it that goes to standard error.
    #[arg(long, value_name = "FILE", requires = "admin_listen", env = "NATIVE_DRM_SERVER_AUDIT_LOG")]
    pub audit_log: Option<PathBuf>,

    /// Certificate chain (PEM) for TLS.
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "NATIVE_DRM_SERVER_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,

    /// Private key (PEM) for TLS.
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "NATIVE_DRM_SERVER_TLS_KEY")]
    pub tls_key: Option<PathBuf>,

    /// Days that a device's certificate is valid for.
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36500), env = "NATIVE_DRM_SERVER_CERTIFICATE_DAYS")]
    pub certificate_days: u32,

    /// Licenses that are kept for a device, of those that it stores and of the others. With one more the oldest is forgotten:
    /// it can be neither renewed nor released.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..), env = "NATIVE_DRM_SERVER_LICENSES_PER_DEVICE")]
    pub licenses_per_device: u32,

    /// Renewals come earlier than their policies say, by a time for each license of up to so many percent of the renewal delay (0 to
    /// 50), so that devices that got their licenses in the same second do not come back in the same second. Messages that set
    /// renewal_delay_seconds themselves are answered with that.
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = parse_jitter, env = "NATIVE_DRM_SERVER_RENEWAL_JITTER")]
    pub renewal_jitter: RenewalJitter,

    /// Bytes in the largest request.
    #[arg(long, value_name = "BYTES", default_value_t = 262_144, value_parser = clap::value_parser!(u32).range(1024..=262_144), env = "NATIVE_DRM_SERVER_MAX_BODY")]
    pub max_body: u32,

    /// Seconds until a request must have arrived, then until it must have been answered, then until the answer must have been
    /// taken.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600), env = "NATIVE_DRM_SERVER_TIMEOUT")]
    pub timeout: u32,

    /// Connections at a time; more have to wait.
    #[arg(long, value_name = "NUMBER", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65_536), env = "NATIVE_DRM_SERVER_MAX_CONNECTIONS")]
    pub max_connections: u32,

    /// Connections at a time from one address, or one IPv6 network of 64 bits; 0 for any number. More are closed. This
    /// machine's own addresses are not limited.
    #[arg(long, value_name = "NUMBER", default_value_t = 128, env = "NATIVE_DRM_SERVER_CONNECTIONS_PER_ADDRESS")]
    pub connections_per_address: u32,

    /// Requests a second from one address, ten times as many at once; 0 for any number. A device's provisioning counts as
    /// ten. More are answered 429. This machine's own addresses are not limited.
    #[arg(long, value_name = "NUMBER", default_value_t = 50, env = "NATIVE_DRM_SERVER_REQUESTS_PER_SECOND")]
    pub requests_per_second: u32,

    /// Address of a reverse proxy: requests from it count for the last address in X-Forwarded-For that is not a proxy's.
    /// May be given several times.
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', env = "NATIVE_DRM_SERVER_TRUSTED_PROXY")]
    pub trusted_proxy: Vec<IpAddr>,

    /// Lines that are logged in a second, of each level; 0 for any number. The rest is counted.
    #[arg(long, value_name = "NUMBER", default_value_t = 500, env = "NATIVE_DRM_SERVER_LOG_LINES")]
    pub log_lines: u32,

    /// What is logged, as a line of JSON each, to standard error.
    #[arg(long, value_enum, default_value_t = LogLevel::Info, env = "NATIVE_DRM_SERVER_LOG")]
    pub log: LogLevel,
}

fn parse_jitter(text: &str) -> Result<RenewalJitter, String> {
    let percent = text.parse().ok().and_then(RenewalJitter::percent);
    percent.ok_or_else(|| format!("not a whole number from 0 to {}", RenewalJitter::MAX_PERCENT))
}

/// What else the program does.
#[derive(Subcommand)]
pub enum Command {
    Admin(Administer),
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

impl LogLevel {
    /// Its name in a line of the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
        }
    }
}
