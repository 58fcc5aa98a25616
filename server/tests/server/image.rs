//! The variables and the configuration of the Docker image, without Docker.

use std::path::Path;
use std::process::Command;

use crate::client::exchange;
use crate::postgres::master_key;
use crate::process::{PROGRAM, Server};

/// The variables of the image; files in it are those that they are copied from.
fn variables() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let dockerfile = std::fs::read_to_string(root.join("packaging/server/Dockerfile")).unwrap().replace("\\\n", " ");
    let copied = |path: &str| {
        let lines = dockerfile.lines().filter_map(|line| line.strip_prefix("COPY ")?.trim().split_once(' '));
        let mut sources = lines.filter(|(_, target)| *target == path).map(|(source, _)| root.join(source));
        sources.next().map_or(path.to_owned(), |source| source.to_str().unwrap().to_owned())
    };
    let lines = dockerfile.lines().filter_map(|line| line.strip_prefix("ENV "));
    let variables = lines.flat_map(str::split_whitespace).map(|variable| variable.split_once('=').unwrap());
    variables.map(|(name, value)| (name.to_owned(), copied(value))).collect()
}

/// The arguments of the image's health check, for a socket of ours.
fn health_check(place: &str) -> Vec<String> {
    let dockerfile = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/server/Dockerfile");
    let dockerfile = std::fs::read_to_string(dockerfile).unwrap();
    let line = dockerfile.lines().find(|line| line.starts_with("HEALTHCHECK ")).unwrap();
    let command: Vec<String> = serde_json::from_str(line.split_once(" CMD ").unwrap().1).unwrap();
    assert!(dockerfile.contains(&format!("/native-drm-license-server {}\n", command[0])), "{}", command[0]);
    let at = command.iter().position(|word| word == "--at").unwrap();
    let mut arguments = command[1..].to_vec();
    place.clone_into(&mut arguments[at]);
    arguments
}

#[test]
fn the_image_starts_with_each_store() {
    let directory = tempfile::tempdir().unwrap();
    let place = format!("unix:{}", directory.path().join("admin.sock").display());
    let key = master_key(directory.path(), 7);
    let data = directory.path().join("data");
    // The health check has no token.
    let tokens = directory.path().join("tokens");
    std::fs::write(&tokens, "anna 0123456789abcdef-anna\n").unwrap();
    let tokens = tokens.to_str().unwrap();
    let nowhere = "postgres://drm:secret@127.0.0.1:1/drm";
    let known = variables();
    for (more, store) in [
        (&[("NATIVE_DRM_SERVER_DATA", data.to_str().unwrap())][..], "directory"),
        (&[("NATIVE_DRM_DATABASE", nowhere), ("NATIVE_DRM_MASTER_KEY", key.as_str())], "postgresql"),
        (&[("NATIVE_DRM_SERVER_MEMORY", "true")], "memory"),
    ] {
        let mut command = Command::new(PROGRAM);
        command.envs(known.iter().map(|(name, value)| (name, value))).envs(more.iter().copied());
        let server = Server::start_as(command, &["--admin-listen", &place, "--admin-tokens", tokens]);
        let answer = exchange(&mut server.connect(), "/health", "", b"").unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer["store"], store);
        let check = Command::new(PROGRAM).args(health_check(&place)).output().unwrap();
        assert_eq!(
            check.status.success(),
            store != "postgresql",
            "{store}: {}",
            String::from_utf8_lossy(&check.stderr)
        );
        assert!(server.terminate().0);
    }
}
