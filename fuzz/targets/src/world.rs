//! Surroundings that targets share.

use std::path::{Path, PathBuf};
use std::sync::Once;

/// A new directory of this process, in memory where there is a file system for that.
pub fn directory(name: &str) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let root = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let path = root.join(format!("native_drm_fuzz_{}_{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a directory");
    path
}

/// Makes a directory the library's store, before anything calls the library.
pub fn library_store() {
    static CHOSEN: Once = Once::new();
    CHOSEN.call_once(|| {
        let path = directory("library");
        // SAFETY: the library's threads read the environment and start later; the driver's do not.
        unsafe { std::env::set_var("NATIVE_DRM_STORAGE_DIR", path) };
    });
}

/// Removes what [`directory`] made in this process.
pub fn clean_up() {
    let prefix = format!("native_drm_fuzz_{}_", std::process::id());
    for root in [Path::new("/dev/shm").to_owned(), std::env::temp_dir()] {
        for item in std::fs::read_dir(root).into_iter().flatten().flatten() {
            if item.file_name().to_str().is_some_and(|name| name.starts_with(&prefix)) {
                let _ = std::fs::remove_dir_all(item.path());
            }
        }
    }
}
