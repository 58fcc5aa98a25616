//! The table of what each demuxer describes, and that it equals the clear file.

use gst::prelude::*;

use crate::hang::in_time;
use crate::media::{Clear, Directory, find, vectors};
use crate::run::{Mode, PATIENCE, init, play_until_end, run};

const TABLE: &str = include_str!("table.txt");

fn installed(plugin: &str) -> (u32, u32, u32) {
    init();
    let plugin = gst::Registry::get().find_plugin(plugin).expect("installed");
    version(&plugin.version())
}

fn version(text: &str) -> (u32, u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().expect("a number"));
    (numbers.next().expect("major"), numbers.next().expect("minor"), numbers.next().unwrap_or(0))
}

/// What the table says about a track: `equal` if nothing.
fn expected(vector: &str, track: &str, mode: Mode, of: (u32, u32, u32)) -> &'static str {
    let mode = if mode == Mode::Pull { "pull" } else { "push" };
    let applies = |row: &[&str]| {
        let range = match row[3] {
            "*" => true,
            range => match range.strip_prefix(">=") {
                Some(from) => of >= version(from),
                None => of < version(range.strip_prefix('<').expect("<version")),
            },
        };
        row[0] == vector && row[1] == track && (row[2] == "both" || row[2] == mode) && range
    };
    let rows = TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|row| applies(row)).map_or("equal", |row| row[4])
}

/// Runs all vectors in one mode; gives the number of tracks that are equal, and of all.
fn check(mode: Mode) {
    let directory = Directory::new(&format!("vectors-{mode:?}"));
    let (mut equal, mut all, mut wrong) = (0, 0, Vec::new());
    for vector in vectors() {
        let file = vector.file(&directory);
        let webm = file.extension().is_some_and(|extension| extension == "webm");
        let of = installed(if webm { "matroska" } else { "isomp4" });
        let outcome = run(&file, mode, &vector.keys);
        for (kind, clear) in &vector.tracks {
            let clear_sha256 = match clear {
                Clear::Sha256(sha256) => sha256.clone(),
                Clear::Twin(file) => {
                    let twin = run(file, mode, "{\"keys\":[]}");
                    let track = twin.tracks.iter().find(|track| track.kind == *kind).expect("the clear track");
                    track.sha256.clone()
                }
            };
            let track = outcome.tracks.iter().find(|track| track.kind == *kind);
            let warned = outcome.warnings.iter().any(|warning| warning.matches(gst::StreamError::Decrypt));
            let what = match track {
                _ if outcome.error.is_some() => "refused",
                None => "refused",
                Some(track) if track.sha256 == clear_sha256 && track.metas == 0 => "equal",
                Some(track) if warned && track.count("decrypted") == 0 => "warned",
                Some(_) => "differs",
            };
            all += 1;
            equal += usize::from(what == "equal");
            let table = expected(&vector.id, kind, mode, of);
            if what != table {
                let error = outcome.error.as_ref().map(|(error, debug)| format!("{error}; {debug}"));
                wrong.push(format!("{} {kind}: {what}, and the table says {table}; {error:?}", vector.id));
            }
            if let Some(track) = track.filter(|track| what == "equal" && track.encrypted) {
                assert_eq!(track.count("copied"), 0, "{}: buffers were copied", vector.id);
                assert_eq!(track.count("dropped"), 0, "{}", vector.id);
            }
        }
    }
    println!("{mode:?}: {equal} of {all} tracks equal the clear file, with qtdemux {:?}", installed("isomp4"));
    assert!(wrong.is_empty(), "{mode:?}:\n{}", wrong.join("\n"));
}

#[test]
fn every_track_in_pull_mode_is_what_the_table_says() {
    check(Mode::Pull);
}

#[test]
fn every_track_in_push_mode_is_what_the_table_says() {
    check(Mode::Push);
}

#[test]
fn the_table_names_tracks_that_exist() {
    let known = vectors();
    let others = [
        "shaka-packager/encryption-cens-video",
        "shaka-packager/encryption-cbc-1-video",
        "generated/b4-piff-ctr",
        "generated/b4-cbcs",
    ];
    for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let row: Vec<_> = line.split_whitespace().collect();
        assert!(row.len() > 5, "no reason: {line}");
        let in_project = known.iter().any(|vector| vector.id == row[0]);
        // Those of the manifest that NATIVE_DRM_TEST_VECTORS may name.
        assert!(in_project || others.contains(&row[0]), "{line}");
    }
}

#[test]
fn both_branches_of_a_tee_are_intact() {
    init();
    let directory = Directory::new("tee");
    let vector = find("generated/aac-cenc-iv16-wrap64");
    let Clear::Sha256(clear) = &vector.tracks[0].1 else { panic!("a sum") };
    let text = format!(
        "filesrc location={} ! qtdemux ! tee name=t \
         t. ! queue ! nativedrmdec name=first ! fakesink name=a async=false \
         t. ! queue ! nativedrmdec name=second ! fakesink name=b async=false",
        vector.file(&directory).display()
    );
    let pipeline = gst::parse::launch(&text).expect("a pipeline").downcast::<gst::Pipeline>().expect("a pipeline");
    let by_name = |name: &str| pipeline.by_name(name).expect("named");
    let taps = ["a", "b"].map(|name| crate::run::Tap::on(&by_name(name).static_pad("sink").expect("a pad")));
    for name in ["first", "second"] {
        by_name(name).set_property("keys", &vector.keys);
    }
    let copied: u64 = {
        let (error, _) = crate::run::until_end(&pipeline);
        assert!(error.is_none(), "{error:?}");
        let copies = |name| by_name(name).property::<gst::Structure>("stats").get::<u64>("copied").expect("a count");
        copies("first") + copies("second")
    };
    for tap in taps {
        assert_eq!(tap.result().0, *clear);
    }
    assert!(copied >= 118, "one of each two has to be copied: {copied}");
}

#[test]
fn a_seek_back_in_a_local_file_gives_clear_samples_again() {
    init();
    let directory = Directory::new("seek");
    let vector = find("generated/aac-cenc-iv16-wrap64");
    let Clear::Sha256(clear) = &vector.tracks[0].1 else { panic!("a sum") };
    let text = format!(
        "filesrc location={} ! qtdemux ! nativedrmdec name=dec ! fakesink name=sink async=false",
        vector.file(&directory).display()
    );
    let pipeline = gst::parse::launch(&text).expect("a pipeline").downcast::<gst::Pipeline>().expect("a pipeline");
    let decryptor = pipeline.by_name("dec").expect("named");
    decryptor.set_property("keys", &vector.keys);
    let pad = pipeline.by_name("sink").expect("named").static_pad("sink").expect("a pad");
    let first = crate::run::Tap::on(&pad);
    let (error, _) = in_time(play_until_end(pipeline.upcast_ref(), PATIENCE), Some(pipeline.upcast_ref()));
    assert!(error.is_none(), "{error:?}");
    assert_eq!(first.result().0, *clear);
    for _ in 0..20 {
        // qtdemux says nothing about the samples any more.
        let again = crate::run::Tap::on(&pad);
        pipeline.seek_simple(gst::SeekFlags::FLUSH, gst::ClockTime::ZERO).expect("a seek");
        let (error, _) = in_time(play_until_end(pipeline.upcast_ref(), PATIENCE), Some(pipeline.upcast_ref()));
        assert!(error.is_none(), "{error:?}");
        assert_eq!(again.result().0, *clear);
    }
    assert_eq!(decryptor.property::<gst::Structure>("stats").get::<u64>("dropped"), Ok(0));
    pipeline.set_state(gst::State::Null).expect("stopped");
}
