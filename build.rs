//! Generates the C headers, one per file of `src`, and gives the shared library its SONAME.
//!
//! The headers are committed; the file on disk is touched only when its content would change, and in a checkout only: a
//! packaged source tree has the headers of its release and is not written to.

use std::env;
use std::fs;
use std::path::Path;

/// One header: its path below `include/`, its Rust files below `src/` with functions in the header's order, its includes, its
/// types that no function of the files uses, and a sentence about it.
struct Header {
    path: &'static str,
    sources: &'static [&'static str],
    includes: &'static [&'static str],
    types: &'static [&'static str],
    brief: &'static str,
}

impl Header {
    /// The file or directory that it is generated from.
    fn origin(&self) -> &'static str {
        match self.sources {
            [only] => only,
            several => several[0].split_inclusive('/').next().expect("a path has a first part"),
        }
    }

    /// Its Doxygen group: the kit's name in OpenHarmony's headers, and groups of our own for what those lack
    /// (docs/site/groups.dox has their titles).
    fn group(&self) -> &'static str {
        let own = self.brief.ends_with("Not part of OpenHarmony's NDK.");
        match (self.path.split('/').rev().nth(1), own) {
            (Some("drm_framework"), false) => "Drm",
            (Some("av_session"), false) => "OHAVSession",
            (Some("player_framework"), false) => "Core",
            (Some("av_session"), true) => "OHAVSessionExtension",
            _ => "DrmExtension",
        }
    }
}

const HEADERS: &[Header] = &[
    Header {
        path: "multimedia/drm_framework/native_drm_err.h",
        sources: &["native_drm_err.rs"],
        includes: &[],
        types: &["Drm_ErrCode", "DrmErrorCode"],
        brief: "Codes that the DRM functions return.",
    },
    Header {
        path: "multimedia/drm_framework/native_drm_common.h",
        sources: &["native_drm_common.rs"],
        includes: &["<stdbool.h>", "<stdint.h>", "<stdio.h>", "\"native_drm_err.h\""],
        types: &[
            "DRM_EventType",
            "DRM_ContentProtectionLevel",
            "DRM_MediaKeyType",
            "DRM_MediaKeyRequestType",
            "DRM_OfflineMediaKeyStatus",
            "DRM_CertificateStatus",
            "DRM_MediaKeyRequestInfo",
            "DRM_MediaKeyRequest",
            "DRM_Statistics",
            "DRM_OfflineMediakeyIdArray",
            "DRM_KeysInfo",
            "DRM_MediaKeyStatus",
            "DRM_PsshInfo",
            "DRM_MediaKeySystemInfo",
            "DRM_MediaKeySystemInfoCallback",
            "MediaKeySystem",
            "MediaKeySession",
            "DRM_MediaKeySystemDescription",
        ],
        brief: "Enums, structs and constants of the DRM kit; what callbacks and signal handlers must not do, and the stack that calls need.\n *\n \
            * Callbacks, of this kit and of all others of the library, return to where they were called.\n *\n \
            * On the library's own threads (events, key changes, commands, log lines of these threads), an exception of C++\n \
            * that leaves a callback ends the program by std::terminate(), as on any thread. A callback may end its thread\n \
            * (pthread_exit(), as Python before 3.14 does while it exits): it counts as having returned and as removed, and is\n \
            * not called again. These threads are not cancelled unless a callback enables that for its thread. A callback must\n \
            * not be left by longjmp().\n *\n \
            * Functions of the library also call back before they return (OH_Drm_ParsePsshBoxes(), log lines of a call). There,\n \
            * an exception that leaves the callback ends the process, and a thread that the callback ends stays where it is for\n \
            * ever; both are said on standard error. A cancellation waits until the function has returned.\n *\n \
            * Functions that decrypt need at most 32 KiB of the calling thread's stack, all others 64 KiB.\n *\n \
            * Signal handlers must not call the library on a thread that they have interrupted inside of it. They may leave a\n \
            * function that decrypts, and no other, by siglongjmp(), if the memory of a sample is not there: the sample is\n \
            * undefined then, and the thread may be one that is not cancelled any more. The thread's next call of a function that\n \
            * takes a handle, or its end, gives up what the decrypt has held; until then, whoever clears keys or destroys a\n \
            * session on another thread waits.",
    },
    Header {
        path: "multimedia/drm_framework/native_mediakeysystem.h",
        sources: &["native_mediakeysystem/instance.rs", "native_mediakeysystem/device.rs"],
        includes: &["<stdbool.h>", "<stdint.h>", "<stdio.h>", "\"native_drm_common.h\"", "\"native_drm_err.h\""],
        types: &[],
        brief: "MediaKeySystem: key systems, provisioning, offline keys.",
    },
    Header {
        path: "multimedia/drm_framework/native_mediakeysession.h",
        sources: &["native_mediakeysession/keys.rs", "native_mediakeysession/callbacks.rs"],
        includes: &["<stdbool.h>", "<stdint.h>", "<stdio.h>", "\"native_drm_common.h\"", "\"native_drm_err.h\""],
        types: &[],
        brief: "MediaKeySession: media keys, online and offline.",
    },
    Header {
        path: "multimedia/drm_framework/native_mediadecrypt.h",
        sources: &[
            "native_mediadecrypt/description.rs",
            "native_mediadecrypt/decrypt.rs",
            "native_mediadecrypt/access_unit.rs",
        ],
        includes: &[
            "<stdint.h>",
            "\"../player_framework/native_avbuffer.h\"",
            "\"../player_framework/native_averrors.h\"",
            "\"../player_framework/native_cencinfo.h\"",
            "\"native_drm_common.h\"",
            "\"native_drm_err.h\"",
        ],
        types: &[],
        brief: "Decryption of samples in place. Not part of OpenHarmony's NDK.",
    },
    Header {
        path: "multimedia/drm_framework/native_drm_extension.h",
        sources: &[
            "native_drm_extension/callbacks.rs",
            "native_drm_extension/inspection.rs",
            "native_drm_extension/log.rs",
        ],
        includes: &["<stdbool.h>", "<stddef.h>", "<stdint.h>", "\"native_drm_common.h\"", "\"native_drm_err.h\""],
        types: &["NativeDrm_LogLevel"],
        brief: "Last error, init data, user data for callbacks, version, log. Not part of OpenHarmony's NDK.",
    },
    Header {
        path: "multimedia/drm_framework/native_drm_isolation.h",
        sources: &["native_drm_isolation/functions.rs"],
        includes: &["<stdint.h>", "\"native_drm_common.h\"", "\"native_drm_err.h\""],
        types: &[],
        brief: "Key systems in a process of their own. Not part of OpenHarmony's NDK.",
    },
    Header {
        path: "multimedia/drm_framework/native_drm_license.h",
        sources: &["native_drm_license/functions.rs", "native_drm_license/object.rs"],
        includes: &["<stdbool.h>", "<stdint.h>", "\"native_drm_err.h\""],
        types: &["DRM_LicenseProfile"],
        brief: "License templates. Not part of OpenHarmony's NDK.",
    },
    Header {
        path: "multimedia/drm_framework/native_drm_license_service.h",
        sources: &["native_drm_license_service/functions.rs", "native_drm_license_service/object.rs"],
        includes: &[
            "<stdbool.h>",
            "<stdint.h>",
            "\"native_drm_err.h\"",
            "\"native_drm_extension.h\"",
            "\"native_drm_license.h\"",
        ],
        types: &[],
        brief: "The license service for com.policyplay.drm in the program itself. Not part of OpenHarmony's NDK.",
    },
    Header {
        path: "native_drm_plugin.h",
        sources: &[
            "native_drm_plugin/functions.rs",
            "native_drm_plugin/system_tables.rs",
            "native_drm_plugin/tables.rs",
        ],
        includes: &[
            "<stdbool.h>",
            "<stddef.h>",
            "<stdint.h>",
            "\"multimedia/drm_framework/native_drm_common.h\"",
            "\"multimedia/drm_framework/native_drm_err.h\"",
            "\"multimedia/drm_framework/native_drm_extension.h\"",
            "\"multimedia/drm_framework/native_mediadecrypt.h\"",
        ],
        types: &[
            "DRM_PluginKeyStatus",
            "DRM_PluginStore",
            "DRM_PluginKey",
            "DRM_PluginStoreEntry",
            "DRM_KeySystemPlugin",
            "NativeDrm_PluginInitFunction",
        ],
        brief: "Key systems by others. Not part of OpenHarmony's NDK.",
    },
    Header {
        path: "multimedia/player_framework/native_averrors.h",
        sources: &["native_averrors.rs"],
        includes: &[],
        types: &["OH_AVErrCode"],
        brief: "Codes that the OH_AVCencInfo and OH_AVBuffer functions return.",
    },
    Header {
        path: "multimedia/player_framework/native_avbuffer_info.h",
        sources: &["native_avbuffer_info.rs"],
        includes: &["<stdint.h>", "<stdio.h>"],
        types: &["OH_AVCodecBufferFlags", "OH_AVCodecBufferAttr"],
        brief: "What a buffer says about the data in it.",
    },
    Header {
        path: "multimedia/player_framework/native_avbuffer.h",
        sources: &["native_avbuffer/object.rs", "native_avbuffer/functions.rs"],
        includes: &["<stdint.h>", "<stdio.h>", "\"native_avbuffer_info.h\"", "\"native_averrors.h\""],
        types: &[],
        brief: "OH_AVBuffer: memory for a sample. What needs OH_AVFormat or OH_NativeBuffer is absent.",
    },
    Header {
        path: "multimedia/player_framework/native_cencinfo.h",
        sources: &["native_cencinfo/object.rs", "native_cencinfo/functions.rs"],
        includes: &["<stdint.h>", "\"native_avbuffer.h\"", "\"native_averrors.h\""],
        types: &["DrmCencAlgorithm", "DrmCencInfoMode"],
        brief: "OH_AVCencInfo: encryption information of one sample.",
    },
    Header {
        path: "multimedia/av_session/native_avsession_errors.h",
        sources: &["native_avsession_errors.rs"],
        includes: &[],
        types: &["AVSession_ErrCode", "AVSessionCallback_Result", "AVMetadata_Result"],
        brief: "Codes that the AVSession functions and their callbacks return.",
    },
    Header {
        path: "multimedia/av_session/native_avsession_base.h",
        sources: &["native_avsession_base.rs"],
        includes: &[],
        types: &[
            "AVSession_Type",
            "AVSession_PlaybackState",
            "AVSession_LoopMode",
            "AVSession_ControlCommand",
            "AVMetadata_SkipIntervals",
            "AVMetadata_DisplayTag",
            "AVSession_ProtocolType",
        ],
        brief: "Enums of the AVSession kit.",
    },
    Header {
        path: "multimedia/av_session/native_avmetadata.h",
        sources: &["native_avmetadata.rs"],
        includes: &["<stdint.h>", "\"native_avsession_base.h\"", "\"native_avsession_errors.h\""],
        types: &[],
        brief: "Metadata of media and how it is made.",
    },
    Header {
        path: "multimedia/av_session/native_avplaybackstate.h",
        sources: &["native_avplaybackstate.rs"],
        includes: &["<stdint.h>", "\"native_avsession_base.h\"", "\"native_avsession_errors.h\""],
        types: &["AVSession_PlaybackPosition"],
        brief: "The playback state of a session at one moment.",
    },
    Header {
        path: "multimedia/av_session/native_avsession.h",
        sources: &["native_avsession/session.rs", "native_avsession/callbacks.rs", "native_avsession/registry.rs"],
        includes: &[
            "<stdbool.h>",
            "<stdint.h>",
            "\"native_avmetadata.h\"",
            "\"native_avplaybackstate.h\"",
            "\"native_avsession_base.h\"",
            "\"native_avsession_errors.h\"",
        ],
        types: &[],
        brief: "A player's session: what it publishes and the commands it takes. Casting is absent.",
    },
    Header {
        path: "multimedia/av_session/native_avsession_extension.h",
        sources: &[
            "native_avsession_extension/state.rs",
            "native_avsession_extension/privacy.rs",
            "native_avsession_extension/command_callbacks.rs",
            "native_avsession_extension/key_and_call_callbacks.rs",
        ],
        includes: &["<stdint.h>", "\"native_avsession.h\""],
        types: &["NativeAVSession_MediaKey", "NativeAVSession_KeyAction"],
        brief: "Commands, state and lyrics that the AVSession kit's native interface lacks. Not part of OpenHarmony's NDK.",
    },
];

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let root = Path::new(&root);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=cbindgen.toml");
    println!("cargo:rerun-if-changed=include");
    println!("cargo:rerun-if-changed=src");
    // docs/abi.md: the SONAME has the major version, CMake's files too. CMake gives another one where the name is taken.
    println!("cargo:rerun-if-env-changed=NATIVE_DRM_SONAME");
    let soname = env::var("NATIVE_DRM_SONAME").unwrap_or_else(|_| {
        let major = env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets CARGO_PKG_VERSION_MAJOR");
        format!("libnative_drm.so.{major}")
    });
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,{soname}");
    // Debuggers find the separate debug file by it. Not every compiler asks the linker for one.
    println!("cargo:rustc-cdylib-link-arg=-Wl,--build-id=sha1");
    // Threads and thread-local destructors of the library may outlive a dlclose().
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");

    // A directory in a clone, a file in a work tree.
    if !root.join(".git").exists() {
        return;
    }
    let base = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is readable");
    for header in HEADERS {
        let text = generate(&base, header, root);
        write_if_changed(&root.join("include").join(header.path), &text);
    }
}

fn generate(base: &cbindgen::Config, header: &Header, root: &Path) -> String {
    let name = header.path.rsplit('/').next().expect("a path has a last part");
    let guard = name.to_uppercase().replace('.', "_");
    let mut includes = String::new();
    for include in header.includes {
        includes.push_str("#include ");
        includes.push_str(include);
        includes.push('\n');
    }
    let mut config = base.clone();
    config.header = Some(format!(
        "/*\n * SPDX-License-Identifier: Apache-2.0\n * Generated from src/{}; do not edit.\n */\n\n\
         /**\n * @addtogroup {}\n * @{{\n */\n\n/**\n * @file {name}\n * @brief {}\n */",
        header.origin(),
        header.group(),
        header.brief
    ));
    // cbindgen would put the trailer outside of its own include guard.
    config.after_includes =
        Some(format!("#ifndef {guard}\n#define {guard}\n\n{includes}\n#ifdef __cplusplus\nextern \"C\" {{\n#endif"));
    config.trailer =
        Some(format!("#ifdef __cplusplus\n}} /* extern \"C\" */\n#endif\n\n/** @}} */\n\n#endif /* {guard} */"));
    config.export.include = header.types.iter().map(|&name| name.to_owned()).collect();

    let mut bindings = header
        .sources
        .iter()
        .fold(cbindgen::Builder::new().with_config(config), |builder, source| {
            builder.with_src(root.join("src").join(source))
        })
        .generate()
        .unwrap_or_else(|error| panic!("{}: {error}", header.path));
    for function in &mut bindings.functions {
        leave_out_safety(&mut function.documentation.doc_comment);
    }
    let mut text = Vec::new();
    bindings.write(&mut text);
    String::from_utf8(text).expect("cbindgen writes UTF-8")
}

/// Takes the `# Safety` section out of a function's documentation, at whose end it is: it is for callers in Rust.
fn leave_out_safety(lines: &mut Vec<String>) {
    if let Some(start) = lines.iter().position(|line| line.trim() == "# Safety") {
        lines.truncate(start);
        while lines.last().is_some_and(|line| line.trim().is_empty()) {
            lines.pop();
        }
    }
}

fn write_if_changed(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return;
    }
    let parent = path.parent().expect("a header is in a directory");
    // A checkout may be mounted read-only, too.
    if let Err(error) = fs::create_dir_all(parent).and_then(|()| fs::write(path, text)) {
        println!("cargo:warning=cannot update {}: {error}", path.display());
    }
}
