//! A server as a child process.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// One content with one key, a renewable policy as default, a provider with a token. Devices get licenses
/// by themselves.
pub const CATALOG: &str = r#"{"providers":[{"name":"acme","token":"0123456789abcdef"}],
    "policies":{"default":{"can_play":true,"can_persist":true,"can_renew":true,"renewal_delay_seconds":60,
    "renewal_recovery_duration_seconds":60}},"contents":[{"content_id":"bW92aWU=","provider":"acme","require_provider":false,"keys":[
    {"track_type":"SD","key_id":"oKCgoKCgoKCgoKCgoKCgoA==","key":"KysrKysrKysrKysrKysrKw=="}]}]}"#;
pub const TOKEN: &str = "0123456789abcdef";

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_native-drm-license-server");

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_as(Command::new(PROGRAM), arguments)
    }

    /// Starts a server that gets an error, not a signal, where it may not write: see [`Server::limit_files`].
    pub fn start_limited(arguments: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", PROGRAM]);
        Self::start_as(command, arguments)
    }

    /// Starts a server that has one core. Needs util-linux's taskset.
    pub fn start_on_core(core: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new("taskset");
        command.args(["-c", core, PROGRAM]);
        Self::start_as(command, arguments)
    }

    /// Starts a server whose standard error is this one.
    pub fn start_logging_to(stderr: impl Into<Stdio>, arguments: &[&str]) -> Self {
        let mut child = spawn(Command::new(PROGRAM), arguments, Stdio::piped(), stderr.into());
        let (log, mut line) = (Arc::default(), String::new());
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit('/').next().unwrap().parse();
        Self { child, address: address.unwrap_or_else(|_| panic!("no address in {line:?}")), log, reader: None }
    }

    /// Starts a server whose standard output is this one. What it listens at is in its log.
    pub fn start_writing_to(stdout: impl Into<Stdio>, arguments: &[&str]) -> Self {
        let mut child = spawn(Command::new(PROGRAM), arguments, stdout.into(), Stdio::piped());
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            line["address"].as_str()?.rsplit('/').next()?.parse().ok()
        });
        let reader = std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("an address"), log: Arc::default(), reader: Some(reader) }
    }

    /// Starts a server by a command that has some arguments already.
    pub fn start_as(command: Command, arguments: &[&str]) -> Self {
        let mut child = spawn(command, arguments, Stdio::piped(), Stdio::piped());
        let mut stderr = child.stderr.take().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let written = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stderr.read(&mut buffer) {
                written.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit('/').next().unwrap().parse();
        let address = address.unwrap_or_else(|_| panic!("no address in {line:?}: {}", log.lock().unwrap()));
        Self { child, address, log, reader: Some(reader) }
    }

    /// A server with the state in a directory and [`CATALOG`].
    pub fn in_directory(directory: &Path, arguments: &[&str]) -> Self {
        let catalog = catalog(directory);
        let data = directory.join("data");
        let fixed = ["--data", data.to_str().unwrap(), "--catalog", catalog.to_str().unwrap()];
        Self::start(&[&fixed[..], arguments].concat())
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log has these words, for a minute.
    pub fn wait_for_log(&self, words: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        while !self.log().contains(words) {
            assert!(Instant::now() < end, "no {words:?} in {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// From now on each write to a file beyond `bytes` fails; `unlimited` ends that. Needs util-linux's prlimit.
    pub fn limit_files(&self, bytes: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("prlimit").args(["--pid", &id, &format!("--fsize={bytes}:")]).status().unwrap();
        assert!(status.success(), "prlimit");
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in bytes.
    pub fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
    }

    /// Processor time that it has used.
    pub fn cpu(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        // The first number is the time in nanoseconds. A thread that ends meanwhile had little to do.
        let times = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
        times.map(|times| Duration::from_nanos(times.split(' ').next().unwrap().parse().unwrap())).sum()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; whether it ended in good order, and its log.
    pub fn terminate(mut self) -> (bool, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        (status.success(), self.log())
    }

    /// Waits until it ends by itself, for a minute; whether it did in good order, and its log.
    pub fn ended(mut self) -> (bool, String) {
        let end = Instant::now() + Duration::from_secs(60);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "it goes on: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        };
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        (status.success(), self.log())
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(150))).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }
}

fn spawn(mut command: Command, arguments: &[&str], stdout: Stdio, stderr: Stdio) -> Child {
    // However busy the machine is, no answer is too late unless a test wants it so.
    let patience: &[&str] = if arguments.contains(&"--timeout") { &[] } else { &["--timeout", "120"] };
    let listen: &[&str] = if arguments.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
    command.args(listen).args(patience).args(arguments).stdout(stdout).stderr(stderr).spawn().unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes [`CATALOG`] to a file.
pub fn catalog(directory: &Path) -> PathBuf {
    let path = directory.join("catalog.json");
    std::fs::write(&path, CATALOG).unwrap();
    path
}
