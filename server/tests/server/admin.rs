//! Administration of a running server: by the program's own commands, over its Unix socket and its address.

use std::path::Path;
use std::process::{Command, Output};

use crate::client::{Device, exchange};
use crate::process::{PROGRAM, Server};

const OPERATORS: &str = "anna 0123456789abcdef-anna\nben 0123456789abcdef-ben\n";

struct World {
    server: Server,
    place: String,
    directory: tempfile::TempDir,
}

impl World {
    /// A server with an audit log, administered at a socket by whoever may open it.
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = format!("unix:{}", directory.path().join("admin.sock").display());
        let audit = directory.path().join("audit.log");
        let server = Server::in_directory(
            directory.path(),
            &["--clear-key", "--admin-listen", &place, "--audit-log", audit.to_str().unwrap()],
        );
        Self { server, place, directory }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        administer(&self.place, arguments)
    }

    /// What a command prints; it has to succeed.
    #[track_caller]
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], words: &str) {
        let output = self.run(arguments);
        let reason = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && reason.contains(words), "{arguments:?}: {reason}");
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

pub fn administer(place: &str, arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(["admin", "--at", place]).args(arguments).output().unwrap()
}

/// Where a server is administered, as its log says.
pub fn place_of(server: &Server) -> String {
    server.wait_for_log("\"administration\"");
    let log = server.log();
    let line = log.lines().find(|line| line.contains("\"administration\"")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["address"].as_str().unwrap().to_owned()
}

fn clear_key(server: &Server, kid: &str) -> u16 {
    exchange(&mut server.connect(), "/clearkey", "", format!(r#"{{"kids":["{kid}"]}}"#).as_bytes()).unwrap().status
}

#[test]
fn contents_policies_and_providers_come_and_go() {
    let world = World::new();
    let catalog = world.file(
        "more.json",
        r#"{"providers":[{"name":"late"}],"policies":{"short":{"can_play":true,"license_duration_seconds":60}},
            "contents":[{"content_id":"bGl2ZQ==","provider":"late","policy":"short","keys":[
            {"track_type":"SD","key_id":"EREREREREREREREREREREQ==","key":"KysrKysrKysrKysrKysrKw=="}]}]}"#,
    );
    assert_eq!(clear_key(&world.server, "EREREREREREREREREREREQ"), 404);
    world.done(&["add", &catalog]);
    assert_eq!(clear_key(&world.server, "EREREREREREREREREREREQ"), 200);
    let listed = world.done(&["list", "contents"]);
    assert!(listed.contains("bGl2ZQ==") && listed.contains("bW92aWU=") && listed.lines().count() == 2, "{listed}");
    assert!(!listed.contains("KysrKys"), "no keys: {listed}");
    assert_eq!(world.done(&["list", "policies", "--limit", "1"]).lines().count(), 1);
    assert!(world.done(&["list", "policies", "--after", "default"]).contains("short"));

    world.refused(&["remove-policy", "short"], "names short");
    world.refused(&["remove-content", "bm90aGluZw=="], "404");
    world.refused(&["remove-content", "*"], "400");
    let groups = r#"[{"name":"p1","keys":[{"track_type":"SD","key_id":"IiIiIiIiIiIiIiIiIiIiIg==","key":"KysrKysrKysrKysrKysrKw=="}]}]"#;
    world.done(&["add-key-groups", "bGl2ZQ==", &world.file("groups.json", groups)]);
    assert_eq!(world.done(&["key-groups", "bGl2ZQ=="]), "\"p1\"\n");
    assert_eq!(clear_key(&world.server, "IiIiIiIiIiIiIiIiIiIiIg"), 200);
    world.done(&["remove-key-group", "bGl2ZQ==", "p1"]);
    assert_eq!(clear_key(&world.server, "IiIiIiIiIiIiIiIiIiIiIg"), 404);

    // What is exported is a catalogue.
    let export = world.file("export.json", &world.done(&["export"]));
    world.done(&["add", &export]);
    assert!(world.done(&["list", "providers"]).contains(r#""has_token":true,"name":"acme""#), "it keeps its token");
    for (command, name) in [("remove-content", "bGl2ZQ=="), ("remove-policy", "short"), ("remove-provider", "late")] {
        world.done(&[command, name]);
    }
    assert_eq!(clear_key(&world.server, "EREREREREREREREREREREQ"), 404);
    world.done(&["add", &export]);
    assert_eq!(clear_key(&world.server, "EREREREREREREREREREREQ"), 200);

    let audit = std::fs::read_to_string(world.directory.path().join("audit.log")).unwrap();
    let lines: Vec<serde_json::Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let begun = lines.iter().filter(|line| line["begins"].is_object());
    assert_eq!(begun.clone().count(), 12, "{audit}");
    assert!(begun.clone().any(|line| line["begins"]["contents"][0] == "bGl2ZQ=="), "{audit}");
    assert_eq!(lines.iter().filter(|line| line["done"] == true).count(), 9, "{audit}");
    assert_eq!(lines.iter().filter(|line| line["done"] == false).count(), 3, "{audit}");
    let user = String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap();
    assert!(lines.iter().all(|line| line["who"] == format!("user {}", user.trim())), "{audit}");
    assert!(!audit.contains("KysrKys"), "{audit}");
}

#[test]
fn nothing_is_changed_that_the_audit_log_does_not_take() {
    let directory = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", directory.path().join("admin.sock").display());
    let _server = Server::in_directory(directory.path(), &["--admin-listen", &place, "--audit-log", "/dev/full"]);
    for command in [&["remove-content", "bW92aWU="][..], &["export"], &["reload"], &["rotate-authority"]] {
        let output = administer(&place, command);
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && reason.contains("audit log") && output.stdout.is_empty(), "{reason}");
    }
    let listed = |what: &[&str]| String::from_utf8(administer(&place, what).stdout).unwrap();
    assert!(listed(&["list", "contents"]).contains("bW92aWU="));
    assert_eq!(listed(&["authorities"]).lines().count(), 1);
}

/// A provider comes without its token; its contents are not given to everybody for that.
#[test]
fn an_export_gives_nothing_away_at_another_service() {
    let world = World::new();
    let paid = world.file("paid.json", &crate::process::CATALOG.replace("\"require_provider\":false,", ""));
    world.done(&["add", &paid]);
    let export = world.file("export.json", &world.done(&["export"]));
    let other = Server::start(&["--memory", "--catalog", &export]);
    let mut device = Device::provisioned(other.address);
    let request = device.session.license_request(&device.client, &crate::ask::ask()).unwrap();
    assert_eq!(device.send("/license", &request).unwrap().rule(), "PROVIDER_REQUIRED");
}

/// As long as that of a service with a hundred thousand contents.
#[test]
fn a_large_export_is_taken() {
    let world = World::new();
    let export = format!("{{{}\"policies\":{{\"late\":{{}}}}}}", " ".repeat(90 << 20));
    world.done(&["add", &world.file("export.json", &export)]);
    assert!(world.done(&["list", "policies"]).contains("\"late\""));
}

#[test]
fn licenses_and_devices_are_revoked() {
    let world = World::new();
    let mut device = Device::provisioned(world.server.address);
    let license = device.license().unwrap();
    assert!(world.done(&["license", &license.license_id.hex()]).contains("\"revoked\":false"));
    let license = device.renew(&license).unwrap();
    world.done(&["revoke-license", &license.license_id.hex()]);
    let shown: serde_json::Value = serde_json::from_str(&world.done(&["license", &license.license_id.hex()])).unwrap();
    assert_eq!((&shown["revoked"], &shown["sequence"]), (&true.into(), &2.into()));
    let renewal = device.session.renewal_request(&device.client, license.reference(), &crate::ask::ask()).unwrap();
    let answer = device.send("/renew", &renewal).unwrap();
    assert_eq!((answer.status, answer.rule().as_str()), (403, "RENEW_NOT_ALLOWED"));

    let another = device.license().expect("another license of the same device");
    assert_eq!(another.revoked.ids(), [license.license_id], "the answer says which one is over");
    assert_eq!(device.renew(&another).unwrap().revoked.ids(), [license.license_id]);
    let mut unconcerned = Device::provisioned(world.server.address);
    assert!(unconcerned.license().unwrap().revoked.is_empty());
    // A server that was killed knows it.
    let World { server, place, directory } = world;
    server.kill();
    let server = Server::in_directory(directory.path(), &["--admin-listen", &place]);
    let world = World { server, place, directory };
    device.turn_to(world.server.address);
    assert_eq!(device.license().unwrap().revoked.ids(), [license.license_id]);
    world.done(&["revoke-device", shown["device"].as_str().unwrap()]);
    let request = device.session.license_request(&device.client, &crate::ask::ask()).unwrap();
    let answer = device.send("/license", &request).unwrap();
    assert_eq!((answer.status, answer.rule().as_str()), (401, "BAD_CERTIFICATE"));
    for command in ["license", "revoke-license", "revoke-device"] {
        world.refused(&[command, "00000000000000000000000000000000"], "404");
        world.refused(&[command, "00"], "400");
    }
}

#[test]
fn only_operators_administer() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let tokens = file("tokens", OPERATORS);
    let server = Server::start(&["--memory", "--admin-listen", "127.0.0.1:0", "--admin-tokens", &tokens]);
    let place = &place_of(&server);
    let list = |token: &str| {
        let token = file("token", token);
        administer(place, &["--token-file", &token, "list", "policies"]).status.success()
    };
    assert!(list("0123456789abcdef-anna") && list("ben 0123456789abcdef-ben\n"));
    assert!(!list("0123456789abcdef-anne") && !administer(place, &["list", "policies"]).status.success());
    // Whoever leaves is named no more.
    file("tokens", "ben 0123456789abcdef-ben\n");
    let token = file("token", "0123456789abcdef-ben");
    assert!(administer(place, &["--token-file", &token, "reload"]).status.success());
    assert!(!list("0123456789abcdef-anna") && list("0123456789abcdef-ben"));
    // Nothing of it is where devices ask.
    let answer = exchange(&mut server.connect(), "/admin/list", "", b"{}").unwrap();
    assert_eq!(answer.status, 404);
    let answer = exchange(&mut server.connect(), "/metrics", "", b"").unwrap();
    assert_eq!(answer.status, 404);
    let (_, log) = server.terminate();
    assert!(log.contains("\"who\":\"ben\"") && !log.contains("0123456789abcdef"), "{log}");
}

#[test]
fn an_address_needs_tokens_and_a_socket_is_its_owners() {
    use std::os::unix::fs::PermissionsExt;
    for arguments in [&["--memory", "--admin-listen", "127.0.0.1:0"][..], &["--memory", "--admin-listen", "0.0.0.0:0"]]
    {
        let output = Command::new(PROGRAM).args(["--listen", "127.0.0.1:0"]).args(arguments).output().unwrap();
        assert!(!output.status.success());
    }
    let world = World::new();
    let path = world.place.strip_prefix("unix:").unwrap().to_owned();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    // A second server does not take it away; one after a crash does.
    let second = ["--memory", "--listen", "127.0.0.1:0", "--admin-listen", &world.place];
    assert!(!Command::new(PROGRAM).args(second).output().unwrap().status.success());
    world.done(&["list", "policies"]);
    world.server.kill();
    let server = Server::start(&["--memory", "--admin-listen", &format!("unix:{path}")]);
    assert!(administer(&format!("unix:{path}"), &["list", "policies"]).status.success());
    assert!(server.terminate().0 && !Path::new(&path).exists());
}

#[test]
fn files_are_read_again_at_sighup() {
    let world = World::new();
    let catalog =
        |policy: &str| world.file("catalog.json", &format!(r#"{{"policies":{{"{policy}":{{"can_play":true}}}}}}"#));
    catalog("first");
    world.server.signal("HUP");
    world.server.wait_for_log("\"reloaded\"");
    assert!(world.done(&["list", "policies"]).contains("\"first\""));
    // A catalogue that cannot be read changes nothing and ends nothing.
    world.file("catalog.json", "{");
    world.server.signal("HUP");
    world.server.wait_for_log("the text ends too early");
    world.refused(&["reload"], "the text ends too early");
    catalog("second");
    world.done(&["reload"]);
    assert!(world.done(&["list", "policies"]).contains("\"second\""));
    let audit = std::fs::read_to_string(world.directory.path().join("audit.log")).unwrap();
    let lines = audit.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let by_signal: Vec<_> = lines.filter(|line| line["who"] == "SIGHUP").collect();
    assert!(by_signal.len() == 4 && by_signal[0]["begins"]["command"] == "reload", "{audit}");
    assert!(by_signal[1]["done"] == true && by_signal[3]["done"] == false, "{audit}");
}

#[test]
fn prometheus_finds_what_is_counted() {
    use std::io::{Read, Write};
    let world = World::new();
    let get = |path: &str| {
        let mut stream = std::os::unix::net::UnixStream::connect(world.place.strip_prefix("unix:").unwrap()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let mut device = Device::provisioned(world.server.address);
    let license = device.license().unwrap();
    let license = device.renew(&license).unwrap();
    device.renew(&license).unwrap();
    for path in ["/license", "/license", "/made-up"] {
        device.send(path, b"{").unwrap();
    }
    let text = get("/metrics");
    assert!(text.contains("content-type: application/openmetrics-text"), "{text}");
    for line in [
        "native_drm_requests_total{path=\"/license\",status=\"200\"} 1",
        "native_drm_requests_total{path=\"/license\",status=\"400\"} 2",
        "native_drm_requests_total{path=\"other\",status=\"404\"} 1",
        "native_drm_refusals_total{rule=\"NOT_JSON\"} 2",
        "native_drm_licenses_total{path=\"/license\",class=\"SD\"} 1",
        "native_drm_licenses_total{path=\"/renew\",class=\"SD\"} 2",
        "native_drm_request_seconds_count{path=\"/license\"} 3",
        "native_drm_connections 1",
        "native_drm_store_up 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing: {text}");
    }
    assert!(text.trim_end().ends_with("# EOF"), "{text}");
    assert_eq!(world.done(&["health"]), "");
    let data = world.directory.path().join("data/service.redb");
    std::fs::remove_file(data).unwrap();
    // A second is what an answer counts for.
    let down = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        get("/metrics").contains("native_drm_store_up 0")
    });
    assert!(down, "the store's file is gone");
    let status = |path| exchange(&mut world.server.connect(), path, "", b"").unwrap().status;
    assert_eq!((status("/health"), status("/health/ready"), status("/health/live")), (503, 503, 200));
    world.refused(&["health"], "503 nothing can be recorded now");
    assert!(device.license().is_err(), "nothing is confirmed that would be lost");
}

#[test]
fn options_come_from_environment_and_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("server.toml");
    std::fs::write(&path, "memory = true\nlisten = \"localhost:0\"\nclear-key = true\nmax-body = 2048\n").unwrap();
    let server = Server::start(&["--config", path.to_str().unwrap(), "--max-body", "1024", "--listen", "localhost:0"]);
    assert!(server.address.ip().is_loopback());
    assert_eq!(clear_key(&server, "EREREREREREREREREREREQ"), 404, "CONTENT_NOT_FOUND, not NO_SUCH_PATH");
    let answer = exchange(&mut server.connect(), "/license", "", &[b' '; 1025]).unwrap();
    assert_eq!(answer.status, 413);
    std::fs::write(&path, "memory = true\nlisten = \"127.0.0.1:0\"\nlissten = 1\n").unwrap();
    let output = Command::new(PROGRAM).arg("--config").arg(&path).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && words.contains("did you mean `listen`"), "{words}");
    // Of stores, too: the command line counts more than the environment, and that more than the file.
    let database = |config: &str, arguments: &[&str], variables: &[(&str, &str)]| {
        std::fs::write(&path, config).unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["--config", path.to_str().unwrap()]).envs(variables.iter().copied());
        let server = Server::start_as(command, arguments);
        let answer = exchange(&mut server.connect(), "/health", "", b"").unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        answer["store"].as_str().unwrap().to_owned()
    };
    let data = directory.path().join("data");
    let data = data.to_str().unwrap();
    let in_file = format!("data = \"{data}\"\n");
    assert_eq!(database(&in_file, &[], &[]), "directory");
    assert_eq!(database(&in_file, &["--memory"], &[("NATIVE_DRM_DATABASE_CA", "/nothing")]), "memory");
    assert_eq!(database(&in_file, &[], &[("NATIVE_DRM_SERVER_MEMORY", "true")]), "memory");
    assert_eq!(database(&in_file, &[], &[("NATIVE_DRM_SERVER_MEMORY", "false")]), "directory");
    assert_eq!(
        database("memory = true", &["--data", data], &[("NATIVE_DRM_SERVER_DATABASE_POOLER", "true")]),
        "directory"
    );
    let nowhere = Command::new(PROGRAM).env("NATIVE_DRM_SERVER_MEMORY", "false").output().unwrap();
    assert!(!nowhere.status.success(), "no store is chosen");
    let wrong = Command::new(PROGRAM).arg("--memory").env("NATIVE_DRM_SERVER_MAX_BODY", "many").output().unwrap();
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("many"));
}

/// By command line, environment and file; a wrong one ends the server with words.
#[test]
fn renewals_are_spread_if_the_server_is_told_to() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = crate::process::catalog(directory.path());
    let text = std::fs::read_to_string(&catalog).unwrap();
    std::fs::write(&catalog, text.replace("\"renewal_delay_seconds\":60", "\"renewal_delay_seconds\":10000")).unwrap();
    let delays = |server: &Server| -> std::collections::HashSet<i64> {
        let mut device = Device::provisioned(server.address);
        (0..8).map(|_| device.license().unwrap().policy.renewal_delay_seconds).collect()
    };
    let fixed = ["--memory", "--catalog", catalog.to_str().unwrap()];
    assert_eq!(delays(&Server::start(&fixed)), [10_000].into());
    let spread = delays(&Server::start(&[&fixed[..], &["--renewal-jitter", "50"]].concat()));
    assert!(spread.len() > 2 && spread.iter().all(|delay| (5000..=10_000).contains(delay)), "{spread:?}");
    let path = directory.path().join("server.toml");
    std::fs::write(
        &path,
        format!("memory = true\nlisten = \"127.0.0.1:0\"\nrenewal-jitter = 10\ncatalog = {catalog:?}\n"),
    )
    .unwrap();
    let spread = delays(&Server::start(&["--config", path.to_str().unwrap()]));
    assert!(spread.len() > 2 && spread.iter().all(|delay| (9000..=10_000).contains(delay)), "{spread:?}");
    for wrong in ["51", "-1", "2.5", "many"] {
        let output = Command::new(PROGRAM).args(fixed).env("NATIVE_DRM_SERVER_RENEWAL_JITTER", wrong).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && words.contains("not a whole number from 0 to 50"), "{wrong:?}: {words}");
    }
}

#[test]
fn an_operator_is_told_of_policies_that_nothing_ends() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = directory.path().join("catalog.json");
    let text = r#"{"policies":{"for ever":{"can_play":true,"can_persist":true},"rental":{"can_play":true,"can_persist":true,
        "rental_duration_seconds":1000}}}"#;
    std::fs::write(&catalog, text).unwrap();
    let server = Server::start(&["--memory", "--catalog", catalog.to_str().unwrap()]);
    server.wait_for_log("policy `for ever`: NEVER_ENDS");
    assert!(!server.log().contains("`rental`"), "{}", server.log());
}

#[test]
fn each_request_has_an_id() {
    let server = Server::start(&["--memory", "--trusted-proxy", "127.0.0.1"]);
    let id = |headers: &str| {
        let answer = exchange(&mut server.connect(), "/health", headers, b"").unwrap();
        answer.head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap().to_owned()
    };
    let (one, other) = (id(""), id(""));
    assert!(one != other && one.len() == 24);
    assert_eq!(id("X-Request-Id: of-the-proxy.1\r\n"), "of-the-proxy.1");
    assert_eq!(id("X-Request-Id: \"x\"\r\n").len(), 24, "what is no id is not taken");
    let (_, log) = server.terminate();
    assert!(log.contains("\"id\":\"of-the-proxy.1\"") && log.contains(&one));
    let server = Server::start(&["--memory"]);
    let answer = exchange(&mut server.connect(), "/health", "X-Request-Id: anybodys\r\n", b"").unwrap();
    assert!(!answer.head.contains("anybodys"));
}
