//! A PostgreSQL of one's own: a new cluster in a temporary directory, reached through a socket in it.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

pub struct Postgres {
    directory: TempDir,
    programs: PathBuf,
    running: Option<Child>,
    /// More settings, each as NAME=VALUE.
    settings: Vec<String>,
    port: u16,
}

/// Where PostgreSQL's programs are; installs them if need be. `None`, and a message, where that is impossible.
fn programs() -> Option<PathBuf> {
    if let Some(found) = installed() {
        return Some(found);
    }
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let script = ". scripts/lib/install.sh; require 'works:ls /usr/lib/postgresql/*/bin/initdb=postgresql'";
    let tried = Command::new("bash").args(["-c", script]).current_dir(root).status();
    let found = tried.ok().filter(std::process::ExitStatus::success).and_then(|_| installed());
    if found.is_none() {
        println!("skipped: there is no PostgreSQL here, and apt-get cannot install it");
    }
    found
}

fn installed() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).collect::<Vec<_>>();
    debian.chain(others).find(|programs| programs.join("initdb").exists() && programs.join("postgres").exists())
}

/// User and group that PostgreSQL runs as: not root, which it refuses.
fn other_user() -> Option<(u32, u32)> {
    let number = |option| {
        let output = Command::new("id").args([option, "postgres"]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    let own = Command::new("id").arg("-u").output().ok()?;
    if own.stdout != b"0\n" {
        return None;
    }
    Some((number("-u")?, number("-g")?))
}

impl Postgres {
    /// Makes and starts a cluster. `None` where there is no PostgreSQL.
    pub fn start() -> Option<Self> {
        let programs = programs()?;
        let directory = tempfile::Builder::new().prefix("ndpg").tempdir_in("/tmp").unwrap();
        if let Some((user, group)) = other_user() {
            chown(directory.path(), Some(user), Some(group)).unwrap();
        }
        let mut postgres = Self { directory, programs, running: None, settings: Vec::new(), port: 5432 };
        let output = postgres
            .command("initdb")
            .args(["--auth=trust", "--username=tester", "--encoding=UTF8", "--no-locale", "--pgdata"])
            .arg(postgres.data())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        postgres.resume();
        Some(postgres)
    }

    /// Its directory, with its socket.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts anew with another setting, NAME=VALUE.
    pub fn set(&mut self, setting: &str) {
        self.settings.push(setting.to_owned());
        self.crash();
        self.resume();
    }

    /// A program that runs as the database does.
    pub fn as_its_user(&self, program: &str) -> Command {
        // An absolute path stays what it is.
        self.command(program)
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.directory.path());
        if let Some((user, group)) = other_user() {
            command.uid(user).gid(group);
        }
        command
    }

    /// Starts it and waits until it is ready.
    pub fn resume(&mut self) {
        let mut child = self
            .command("postgres")
            .args(["-c", "listen_addresses=", "-c", "log_min_messages=log"])
            .args(self.settings.iter().flat_map(|setting| ["-c", setting]))
            .args(["-p", &self.port.to_string(), "-k"])
            .arg(self.directory.path())
            .arg("-D")
            .arg(self.data())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = lines.by_ref().find(|line| {
            line.as_ref().is_ok_and(|line| line.contains("database system is ready to accept connections"))
        });
        assert!(ready.is_some(), "PostgreSQL does not start");
        // It goes on writing; a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        self.running = Some(child);
    }

    /// Ends it at once, as a failing machine would; what it had confirmed is in its log.
    pub fn crash(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-QUIT", &id]).status().unwrap().success());
        child.wait().unwrap();
    }

    /// Starts anew, with TLS at 127.0.0.1. Returns the address, and the file with the authority of the certificate. `None`
    /// where there is no openssl program.
    pub fn with_tls(&mut self) -> Option<(String, PathBuf)> {
        let directory = self.directory.path();
        let (ca, ca_key) = (directory.join("ca.pem"), directory.join("ca.key"));
        let (certificate, key) = (directory.join("db.pem"), directory.join("db.key"));
        let make = |subject: &str, certificate: &Path, key: &Path, more: &[&std::ffi::OsStr]| {
            let made = Command::new("openssl")
                .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
                .args(["-subj", subject, "-keyout"])
                .arg(key)
                .arg("-out")
                .arg(certificate)
                .args(more)
                .output()
                .ok()?;
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            Some(())
        };
        make("/CN=authority", &ca, &ca_key, &[])?;
        let more = ["-extensions", "v3_req", "-addext", "subjectAltName=IP:127.0.0.1", "-CA"].map(std::ffi::OsStr::new);
        let signer = [ca.as_os_str(), "-CAkey".as_ref(), ca_key.as_os_str()];
        make("/CN=database", &certificate, &key, &[&more[..], &signer].concat())?;
        if let Some((user, group)) = other_user() {
            chown(&key, Some(user), Some(group)).unwrap();
        }
        let file = |name: &str, path: &Path| format!("{name}={}", path.display());
        let settings = ["ssl=on".into(), file("ssl_cert_file", &certificate), file("ssl_key_file", &key)];
        self.listen(settings);
        Some((format!("postgres://tester@127.0.0.1:{}/postgres", self.port), ca))
    }

    /// Starts anew, at 127.0.0.1, too. Returns an address with a name in it that has to be looked up.
    pub fn with_name(&mut self) -> String {
        self.listen([]);
        format!("postgres://tester@localhost:{}/postgres", self.port)
    }

    fn listen<const N: usize>(&mut self, settings: [String; N]) {
        // Free now; nobody else is likely to take it before PostgreSQL does.
        self.port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.settings = vec!["listen_addresses=127.0.0.1".into()];
        self.settings.extend(settings);
        self.crash();
        self.resume();
    }

    /// Its first process.
    pub fn id(&self) -> u32 {
        self.running.as_ref().expect("a running PostgreSQL").id()
    }

    pub fn url(&self) -> String {
        let host = self.directory.path().to_str().unwrap().replace('/', "%2F");
        format!("postgres://tester@{host}/postgres")
    }

    /// psql, which sends a statement.
    fn psql(&self, statement: &str) -> Command {
        let mut command = self.command("psql");
        command
            .args(["-X", "-A", "-t", "-U", "tester", "-d", "postgres", "-c", statement])
            .args(["-p", &self.port.to_string(), "-h"])
            .arg(self.directory.path());
        command
    }

    /// A statement that runs until [`cancel`](Self::cancel).
    pub fn run(&self, statement: &str) -> Child {
        self.psql(statement).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Ends what [`run`](Self::run) has begun.
    pub fn cancel(&self, mut child: Child) {
        self.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'psql' AND pid <> pg_backend_pid()");
        child.wait().unwrap();
    }

    /// What a query answers, as text.
    pub fn query(&self, statement: &str) -> String {
        let output = self.psql(statement).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.crash();
    }
}

/// Writes a master key.
pub fn master_key(directory: &Path, byte: u8) -> String {
    let path = directory.join(format!("master-{byte}.key"));
    std::fs::write(&path, [byte; 32]).unwrap();
    path.to_str().unwrap().to_owned()
}
