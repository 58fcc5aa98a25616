//! Man pages and shell completions in `packaging`, which are installed as they stand there. They must be what the commands give;
//! with NATIVE_DRM_UPDATE=1 they are written.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};

use crate::Options;

/// Every file with its content.
fn files() -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for (shell, name) in
        [(Shell::Bash, "native-drm.bash"), (Shell::Zsh, "_native-drm"), (Shell::Fish, "native-drm.fish")]
    {
        let mut content = Vec::new();
        generate(shell, &mut Options::command(), "native-drm", &mut content);
        files.push((Path::new("completions").join(name), content));
    }
    let mut command = Options::command().disable_help_subcommand(true);
    command.build();
    pages("native-drm", &command, &mut files);
    files
}

/// The page of a command, and those of the commands below it.
fn pages(name: &str, command: &Command, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    let own = command.clone().name(name.to_owned().leak() as &str).version(env!("CARGO_PKG_VERSION"));
    let mut content = Vec::new();
    clap_mangen::Man::new(own).render(&mut content).unwrap();
    files.push((Path::new("man").join(format!("{name}.1")), content));
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        pages(&format!("{name}-{}", below.get_name()), below, files);
    }
}

#[test]
fn what_is_in_packaging_is_current() {
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging");
    let update = std::env::var_os("NATIVE_DRM_UPDATE").is_some();
    let files = files();
    for (path, content) in &files {
        let path = packaging.join(path);
        if update {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
        }
        let is_current = fs::read(&path).is_ok_and(|found| found == *content);
        assert!(
            is_current,
            "{} is not current: NATIVE_DRM_UPDATE=1 cargo test -p native-drm-cli generated",
            path.display()
        );
    }
    for directory in ["completions", "man"] {
        for entry in fs::read_dir(packaging.join(directory)).unwrap() {
            let path = Path::new(directory).join(entry.unwrap().file_name());
            assert!(files.iter().any(|(known, _)| *known == path), "{} is of no command", path.display());
        }
    }
}
