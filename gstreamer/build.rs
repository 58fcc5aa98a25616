//! Links `libnative_drm.so`: the one in the directory that `NATIVE_DRM_LIB_DIR` names, else the installed one, by pkg-config.

use std::env;

fn main() {
    println!("cargo:rerun-if-env-changed=NATIVE_DRM_LIB_DIR");
    if let Some(directory) = env::var_os("NATIVE_DRM_LIB_DIR") {
        println!("cargo:rustc-link-search=native={}", directory.display());
        println!("cargo:rustc-link-lib=dylib=native_drm");
    } else if let Err(error) = pkg_config::Config::new().atleast_version("0.1").probe("native_drm") {
        eprintln!("Install native_drm, or let NATIVE_DRM_LIB_DIR name the directory of libnative_drm.so.\n{error}");
        std::process::exit(1);
    }
}
