//! The manual page in `packaging/server`, which is installed as it stands there. It must be what the options give; with
//! NATIVE_DRM_UPDATE=1 it is written.

use clap::{Command, CommandFactory};

use crate::options::Options;

/// The page of a command, and those of the commands below it as sections: one page has everything.
fn page() -> Vec<u8> {
    let mut command = Options::command().disable_help_subcommand(true);
    command.build();
    let mut page = Vec::new();
    // Without the section about commands, which names a page for each.
    let man = clap_mangen::Man::new(command.clone()).section("8");
    man.render_title(&mut page).unwrap();
    man.render_name_section(&mut page).unwrap();
    man.render_synopsis_section(&mut page).unwrap();
    man.render_description_section(&mut page).unwrap();
    man.render_options_section(&mut page).unwrap();
    man.render_extra_section(&mut page).unwrap();
    man.render_version_section(&mut page).unwrap();
    below(&command, "", &mut page);
    page
}

fn below(command: &Command, before: &str, page: &mut Vec<u8>) {
    for inner in command.get_subcommands() {
        let name = format!("{before}{}", inner.get_name());
        page.extend_from_slice(format!(".SH COMMAND {}\n", name.to_uppercase().replace('-', "\\-")).as_bytes());
        let man = clap_mangen::Man::new(inner.clone());
        man.render_description_section(page).unwrap();
        man.render_synopsis_section(page).unwrap();
        man.render_options_section(page).unwrap();
        below(inner, &format!("{name} "), page);
    }
}

/// What docs/license-service.md says of the environment holds for each option, and it names all of them.
#[test]
fn each_option_has_a_variable_and_is_documented() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/license-service.md");
    let document = std::fs::read_to_string(path).unwrap();
    let page = String::from_utf8(page()).unwrap();
    let options = Options::command();
    let command = options.get_subcommands().find(|below| below.get_name() == "admin").unwrap();
    let mut count = 0;
    for option in options.get_arguments().chain(command.get_arguments()) {
        let Some(name) = option.get_long().filter(|name| !matches!(*name, "help" | "version")) else { continue };
        let variable = option.get_env().unwrap_or_else(|| panic!("--{name} has none")).to_str().unwrap();
        let usual = format!("NATIVE_DRM_SERVER_{}", name.to_uppercase().replace('-', "_"));
        assert!(variable == usual || document.contains(&format!("`{variable}`")), "{variable}");
        assert!(page.contains(&format!("\\fB{variable}\\fR")), "{variable} is not in the manual page");
        assert!(document.contains(&format!("`--{name}")) || document.contains(&format!(" --{name} ")), "--{name}");
        count += 1;
    }
    assert!(count > 20, "{count}");
    for below in command.get_subcommands().map(Command::get_name) {
        assert!(document.contains(&format!("$server {below}")), "admin {below}");
    }
}

#[test]
fn the_manual_page_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/server/native-drm-license-server.8");
    let page = page();
    if std::env::var_os("NATIVE_DRM_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let is_current = std::fs::read(&path).is_ok_and(|found| found == page);
    assert!(is_current, "not current: NATIVE_DRM_UPDATE=1 cargo test -p native-drm-license-server manual_page");
}
