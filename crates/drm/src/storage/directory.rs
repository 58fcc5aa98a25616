//! The default directory of the offline store.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// Where OpenHarmony's applications have their files: the same path in each one's sandbox. They have no home directory.
const SANDBOX: Option<&str> = if cfg!(target_env = "ohos") { Some("/data/storage/el2/base/files") } else { None };

/// `NATIVE_DRM_STORAGE_DIR`, else `native_drm` in `$XDG_DATA_HOME` (XDG Base Directory Specification), else
/// `~/.local/share/native_drm`; on OpenHarmony, instead of the last one, `native_drm` among the application's files. None if none
/// of these variables is set and the user has no home directory. Nothing is created.
pub fn default_dir() -> Option<PathBuf> {
    choose(|name| env::var_os(name), SANDBOX, env::home_dir)
}

/// Empty variables count as unset, and so does a relative `XDG_DATA_HOME`, as its specification demands.
fn choose(
    variable: impl Fn(&str) -> Option<OsString>,
    sandbox: Option<&str>,
    home: impl Fn() -> Option<PathBuf>,
) -> Option<PathBuf> {
    let path = |name| variable(name).map(PathBuf::from).filter(|path| !path.as_os_str().is_empty());
    if let Some(own) = path("NATIVE_DRM_STORAGE_DIR") {
        return Some(own);
    }
    let data = path("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let home = || home().filter(|path| path.is_absolute()).map(|path| path.join(".local/share"));
    data.or_else(|| sandbox.map(PathBuf::from)).or_else(home).map(|path| path.join("native_drm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)], home: Option<&str>) -> Option<PathBuf> {
        let variable = |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| value.into());
        choose(variable, None, || home.map(PathBuf::from))
    }

    #[test]
    fn a_sandbox_comes_before_the_home_directory() {
        let in_sandbox = |set: Option<&str>| {
            let variable = |name: &str| set.filter(|_| name == "NATIVE_DRM_STORAGE_DIR").map(OsString::from);
            choose(variable, Some("/data/files"), || Some("/root".into()))
        };
        assert_eq!(in_sandbox(None), Some("/data/files/native_drm".into()));
        assert_eq!(in_sandbox(Some("/elsewhere")), Some("/elsewhere".into()));
    }

    #[test]
    fn the_first_usable_variable_decides() {
        let all = [("NATIVE_DRM_STORAGE_DIR", "here"), ("XDG_DATA_HOME", "/data")];
        assert_eq!(chosen(&all, Some("/home/u")), Some("here".into()));
        assert_eq!(chosen(&all[1..], Some("/home/u")), Some("/data/native_drm".into()));
        assert_eq!(chosen(&[], Some("/home/u")), Some("/home/u/.local/share/native_drm".into()));
        let unusable = [("NATIVE_DRM_STORAGE_DIR", ""), ("XDG_DATA_HOME", "relative")];
        assert_eq!(chosen(&unusable, Some("/home/u")), Some("/home/u/.local/share/native_drm".into()));
        assert_eq!(chosen(&[], None), None);
        assert_eq!(chosen(&[], Some("")), None);
    }
}
