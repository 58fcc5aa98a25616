//! `native-drm decrypt` of HLS playlists whose segments are files.

#[path = "support/streams.rs"]
#[allow(dead_code, reason = "demultiplexing is needed, making streams is not")]
mod streams;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use streams::{demultiplex, tag};
use support::{data, run, run_with, samples, sentence};

const KEY_ID: &str = "101112131415161718191a1b1c1d1e1f";
const KEY: &str = "101112131415161718191a1b1c1d1e1f:202122232425262728292a2b2c2d2e2f";
const OTHER: &str = "00000000000000000000000000000001:00000000000000000000000000000002";
const IV: &str = "0x303132333435363738393A3B3C3D3E3F";
const HEAD: &str = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:9\n";

/// A directory with files in it.
struct Directory(tempfile::TempDir);

impl Directory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn decrypt(&self, playlist: &str, out: &str, arguments: &[&str]) -> std::process::Output {
        let (from, to) = (self.path(playlist), self.path(out));
        run(&[&["decrypt", from.to_str().unwrap(), to.to_str().unwrap()], arguments].concat())
    }

    /// What a playlist of this content gives.
    fn decrypted(&self, content: &str, arguments: &[&str]) -> Vec<u8> {
        self.write("list.m3u8", content);
        let done = self.decrypt("list.m3u8", "out", arguments);
        assert!(done.status.success() && done.stderr.is_empty() && done.stdout.is_empty(), "{content}\n{done:?}");
        let found = fs::read(self.path("out")).unwrap();
        fs::remove_file(self.path("out")).unwrap();
        found
    }

    /// Why a playlist of this content gives nothing.
    fn refused(&self, content: impl AsRef<[u8]>, arguments: &[&str]) -> String {
        self.write("list.m3u8", content);
        let before = self.names();
        let said = sentence(&self.decrypt("list.m3u8", "out", arguments));
        assert_eq!(self.names(), before);
        said
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn stream(kind: &str, name: &str) -> Vec<u8> {
    fs::read(data().join("streams/sample-aes").join(kind).join(name)).unwrap()
}

/// The initialization section and the fragments of a file.
fn pieces(path: &Path) -> Vec<Vec<u8>> {
    let file = fs::read(path).unwrap();
    let (mut at, mut pieces) = (0, vec![Vec::new()]);
    while at < file.len() {
        let size = u32::from_be_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        match &file[at + 4..at + 8] {
            b"moof" => pieces.push(Vec::new()),
            b"sidx" => {
                at += size;
                continue;
            }
            _ => {}
        }
        pieces.last_mut().unwrap().extend_from_slice(&file[at..at + size]);
        at += size;
    }
    assert!(pieces.len() >= 3);
    pieces
}

fn keys_of_media() -> String {
    data().join("media/keys.json").to_str().unwrap().to_owned()
}

/// Segments of SAMPLE-AES with keys and IVs of their own: what the packager encrypted with one IV is given back with the IV from the
/// playlist, and clear segments between them stay as they are.
#[test]
fn sample_aes() {
    for name in ["h264.ts", "slices.ts", "prevention.ts", "aac.ts", "ac3.ts", "ec3.ts", "aac.aac", "ac3.ac3", "ec3.ec3"]
    {
        let directory = Directory::new();
        let (encrypted, clear) = (stream("encrypted", name), stream("clear", name));
        directory.write(&format!("a/{name}"), &encrypted);
        directory.write(&format!("clear {name}"), &clear);
        let key = format!("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\",IV={IV}");
        let with_id = format!("{key},KEYID=0x{KEY_ID},KEYFORMAT=\"com.apple.streamingkeydelivery\"");
        let text = format!(
            "{HEAD}{with_id}\n#EXTINF:1,\na/{name}\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:1,\nclear%20{name}\n{key}\n#EXTINF:1,\n./a/{name}?x=1\n#EXT-X-ENDLIST\n"
        );
        let found = directory.decrypted(&text, &["--key", KEY]);
        assert_eq!(found.len(), 2 * encrypted.len() + clear.len());
        let (first, rest) = found.split_at(encrypted.len());
        let (middle, last) = rest.split_at(clear.len());
        assert!(middle == clear && first == last, "{name}");
        if name.ends_with(".ts") {
            assert!(demultiplex(first) == demultiplex(&clear), "{name}");
        } else {
            assert!(first[tag(first)..] == clear[tag(&clear)..], "{name}");
        }
        let with_several = &["--key", KEY, "--key", OTHER];
        let said = directory.refused(&text, with_several);
        assert!(said.contains(&format!("line 12: {}", directory.path(&format!("./a/{name}")).display())), "{said}");
        assert!(said.contains("names no key id"), "{said}");
        assert!(
            directory.decrypted(&text.replace(&format!("\n{key}\n"), &format!("\n{with_id}\n")), with_several) == found
        );
        // The media sequence number is the IV where there is none, and this is another one.
        let numbered =
            format!("{HEAD}#EXT-X-MEDIA-SEQUENCE:7\n{}\n#EXTINF:1,\na/{name}\n", key.replace(&format!(",IV={IV}"), ""));
        let found = directory.decrypted(&numbered, &["--key", KEY]);
        let iv = format!("{:032x}", 7);
        let wanted = run_with(&["decrypt", "-", "-", "--key", KEY, "--iv", &iv], &encrypted).stdout;
        assert!(found == wanted && wanted != first, "{name}");
        let said = directory.refused(text.replace(KEY_ID, &OTHER[..32]), &["--key", KEY]);
        assert!(said.contains("the key for key id 00000000000000000000000000000001 was not given"), "{said}");
    }
}

/// The segments of a fragmented file, in every way that a playlist can name them.
#[test]
fn fragmented_mp4() {
    for scheme in ["cenc", "cens", "cbc1", "cbcs"] {
        let directory = Directory::new();
        let pieces = pieces(&data().join("media").join(scheme).with_extension("mp4"));
        let whole = [&[b'x'; 100][..], &pieces.concat()].concat();
        directory.write("media/all.mp4", &whole);
        let mut wanted = samples(&fs::read(data().join("media/clear.mp4")).unwrap());
        let (mut files, mut ranges, mut follow, mut again) =
            (String::new(), String::new(), String::new(), String::new());
        let map = "#EXT-X-MAP:URI=\"media/init.mp4\"\n";
        let mut at = 100 + pieces[0].len();
        directory.write("media/init.mp4", &pieces[0]);
        directory.write("other/init.mp4", &pieces[0]);
        for (number, piece) in pieces.iter().enumerate().skip(1) {
            directory.write(&format!("media/{number}.m4s"), piece);
            let name = format!("media/{number}.m4s\n");
            files += &format!("#EXTINF:1,\n{name}");
            let other = if number % 2 == 0 { map.replace("media", "other") } else { map.to_owned() };
            again += &format!("{other}#EXT-X-DISCONTINUITY\n#EXTINF:1,\n{name}");
            ranges += &format!("#EXTINF:1,\n#EXT-X-BYTERANGE:{}@{at}\nmedia/all.mp4\n", piece.len());
            let place = if number == 1 { format!("@{at}") } else { String::new() };
            follow += &format!("#EXT-X-BYTERANGE:{}{place}\n#EXTINF:1,\nmedia/all.mp4\n", piece.len());
            at += piece.len();
        }
        let map_range = format!("#EXT-X-MAP:URI=\"media/all.mp4\",BYTERANGE=\"{}@100\"\n", pieces[0].len());
        let key = "#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,AAAA\",KEYFORMAT=\"identity\"\n";
        let full = directory.path("media").to_str().unwrap().to_owned();
        let files = format!("{HEAD}{map}{key}{files}");
        for (name, text) in [
            ("files", files.clone()),
            ("end of lines", files.replace('\n', "\r\n")),
            ("absolute", files.replace("media/", &format!("{full}/"))),
            ("file URIs", files.replace("media/", &format!("file://{full}/"))),
            (
                "variables",
                files
                    .replace("media/", "{$where}/")
                    .replace(HEAD, &format!("{HEAD}#EXT-X-DEFINE:NAME=\"where\",VALUE=\"media\"\n")),
            ),
            ("gap", files.replacen("#EXTINF", "#EXT-X-GAP\n#EXTINF:1,\nmedia/none.m4s\n#EXTINF", 1)),
            ("again", format!("{HEAD}{key}{again}")),
            ("ranges", format!("{HEAD}{map_range}{key}{ranges}#EXT-X-ENDLIST\n")),
            ("ranges that follow", format!("\u{feff}{HEAD}{map_range}{key}{follow}")),
        ] {
            let mut found = samples(&directory.decrypted(&text, &["--keys", &keys_of_media()]));
            let lists =
                |of: &mut std::collections::BTreeMap<u64, Vec<Vec<u8>>>| of.values().cloned().collect::<Vec<_>>();
            assert!(lists(&mut found) == lists(&mut wanted), "{scheme}, {name}");
        }
        // The second segment is cut, is of another kind, is not there, names a key that was not given.
        let second = directory.path("media/2.m4s");
        let line = files.lines().position(|line| line == "media/2.m4s").unwrap() + 1;
        let place = format!("list.m3u8: line {line}: {}: ", second.display());
        let keys = keys_of_media();
        for (content, reason) in [
            (&pieces[2][..pieces[2].len() - 9], "the file ends at byte"),
            (&stream("clear", "h264.ts"), "this is a transport stream, and what is before it is MP4"),
            (&pieces.concat(), "moov at byte"),
            (&[], "fewer than 8 bytes"),
        ] {
            fs::write(&second, content).unwrap();
            let said = directory.refused(&files, &["--keys", &keys]);
            assert!(said.contains(&place) && said.contains(reason), "{said}");
        }
        fs::remove_file(&second).unwrap();
        let said = directory.refused(&files, &["--keys", &keys]);
        assert!(said.contains(&place) && said.contains("No such file"), "{said}");
        fs::create_dir(&second).unwrap();
        assert!(directory.refused(&files, &["--keys", &keys]).contains("this is no regular file"));
        fs::remove_dir(&second).unwrap();
        fs::write(&second, &pieces[2]).unwrap();
        let said = directory.refused(&files, &["--key", OTHER]);
        assert!(said.contains("1.m4s: track ") && said.contains("was not given"), "{said}");
        directory.write("other/init.mp4", [&pieces[0][..], &[0, 0, 0, 8], b"free"].concat());
        let said = directory.refused(format!("{HEAD}{key}{again}"), &["--keys", &keys]);
        assert!(said.contains("other/init.mp4: another initialization section"), "{said}");
        let said = directory.refused(files.replace(map, ""), &["--keys", &keys]);
        assert!(said.contains("1.m4s: box 'moof'") && said.contains("stands before any moov"), "{said}");
    }
}

/// Playlists that are wrong are refused before anything is written, with the line.
#[test]
fn bad_playlists() {
    let directory = Directory::new();
    directory.write("a.ts", stream("encrypted", "aac.ts"));
    let segment = "#EXTINF:1,\na.ts\n";
    for (line, text, reason) in [
        (2, format!("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n{segment}"), "METHOD=AES-128: only SAMPLE-AES"),
        (2, format!("#EXTM3U\n#EXT-X-KEY:URI=\"k\"\n{segment}"), "EXT-X-KEY without METHOD"),
        (2, format!("#EXTM3U\n#EXT-X-KEY:METHOD=SAMPLE-AES,IV=0xg\n{segment}"), "IV is not 0x"),
        (2, format!("#EXTM3U\n#EXT-X-KEY:METHOD=SAMPLE-AES,IV={IV}0\n{segment}"), "IV is not 0x"),
        (2, format!("#EXTM3U\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\n{segment}"), "no closing quote"),
        (
            3,
            format!("#EXTM3U\n#EXT-X-KEY:METHOD=SAMPLE-AES\n#EXT-X-KEY:METHOD=SAMPLE-AES-CTR\n{segment}"),
            "beside METHOD",
        ),
        (2, format!("#EXTM3U\n#EXT-X-MAP:BYTERANGE=\"1@2\"\n{segment}"), "EXT-X-MAP without a URI"),
        (2, format!("#EXTM3U\n#EXT-X-BYTERANGE:x\n{segment}"), "x: not a byte range"),
        (2, format!("#EXTM3U\n#EXT-X-BYTERANGE:5@99999999999999999999\n{segment}"), "not a byte range"),
        (4, format!("#EXTM3U\n#EXT-X-BYTERANGE:5\n{segment}"), "a byte range without an offset"),
        (4, format!("#EXTM3U\n#EXT-X-BYTERANGE:{}@1\n{segment}", u64::MAX), "2^64"),
        (4, format!("#EXTM3U\n#EXT-X-BYTERANGE:5@{}\n{segment}", u64::MAX - 5), "a.ts: it has 8272 bytes"),
        (4, format!("#EXTM3U\n#EXT-X-BYTERANGE:8272@1\n{segment}"), "a.ts: it has 8272 bytes"),
        (2, format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:-1\n{segment}"), "EXT-X-MEDIA-SEQUENCE is no number"),
        (4, format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{}\n{segment}", u64::MAX), "more than 64 bits"),
        (3, "#EXTM3U\n#EXTINF:1,\nhttps://example.org/a.ts\n".to_owned(), "only files of this machine"),
        (3, "#EXTM3U\n#EXTINF:1,\nfile://example.org/a.ts\n".to_owned(), "only files of this machine"),
        (2, format!("#EXTM3U\n#EXT-X-MAP:URI=\"\"\n{segment}"), "an empty URI"),
        (3, "#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"\"\n{$a}\n".to_owned(), "an empty URI"),
        (3, "#EXTM3U\n#EXTINF:1,\n/dev/zero\n".to_owned(), "this is no regular file"),
        (3, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n".to_owned(), "it ends behind an EXT-X-STREAM-INF"),
        (2, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=x\na.m3u8\n".to_owned(), "BANDWIDTH is no number"),
        (2, "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,NAME=\"x\"\n".to_owned(), "EXT-X-MEDIA without GROUP-ID"),
        (3, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nnone.m3u8\n".to_owned(), "No such file"),
    ] {
        let said = directory.refused(&text, &["--key", KEY]);
        assert!(said.contains(&format!("list.m3u8: line {line}: ")) && said.contains(reason), "{text}\n{said}");
    }
    assert!(directory.refused(b"#EXTM3U\n\xff\n", &["--key", KEY]).contains("line 2: not UTF-8"));
    for (text, reason) in [
        ("#EXTM3U\n", "it lists no segment"),
        ("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,NAME=\"x\",GROUP-ID=\"y\",URI=\"a.m3u8\"\n", "it lists no variant"),
        ("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlist.m3u8\n", "a multivariant playlist, where one of segments"),
    ] {
        assert!(directory.refused(text, &["--key", KEY]).contains(reason));
    }
    let text = format!("#EXTM3U\n{segment}");
    for option in [["--variant", "1"], ["--rendition", "x"]] {
        let said = directory.refused(&text, &[&["--key", KEY], &option[..]].concat());
        assert!(said.contains("are for multivariant playlists"), "{said}");
        let said = sentence(&directory.decrypt("a.ts", "out", &[&["--key", KEY], &option[..]].concat()));
        assert!(said.contains("are for multivariant playlists"), "{said}");
    }
    let said = sentence(&run_with(&["decrypt", "-", "-", "--key", KEY], text.as_bytes()));
    assert!(said.contains("its segments are looked for beside it"), "{said}");
    let long = format!("{text}{}", "#\n".repeat(8 << 20));
    assert!(directory.refused(long, &["--key", KEY]).contains("a playlist of more than 16777216 bytes"));
}

/// Variants, and renditions of their sound.
#[test]
fn multivariant_playlists() {
    let directory = Directory::new();
    let key = format!("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\",IV={IV}\n");
    let mut wanted = Vec::new();
    for name in ["h264.ts", "slices.ts", "aac.aac", "ac3.ac3"] {
        let (folder, extension) = name.split_once('.').unwrap();
        directory.write(&format!("{folder}/0.{extension}"), stream("encrypted", name));
        directory.write(&format!("{folder}/index.m3u8"), format!("{HEAD}{key}#EXTINF:1,\n0.{extension}\n"));
        let iv = &IV[2..];
        wanted.push(run_with(&["decrypt", "-", "-", "--key", KEY, "--iv", iv], &stream("encrypted", name)).stdout);
    }
    let [best, other, english, german] = wanted.try_into().unwrap();
    let media = |name: &str, language: &str, uri: &str| {
        format!("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"{name}\",LANGUAGE=\"{language}\"{uri}\n")
    };
    let master = format!(
        "{HEAD}{}{}{}#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"a\",NAME=\"s\",URI=\"none\"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"b\",NAME=\"B\",URI=\"none\"\n\
         #EXT-X-STREAM-INF:BANDWIDTH=1000,AUDIO=\"c\"\nslices/index.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2000,AUDIO=\"a\"\nh264/index.m3u8\n",
        media("English (5.1)", "en", ",URI=\"aac/index.m3u8\""),
        media("Deutsch", "de", ",URI=\"ac3/index.m3u8\""),
        media("Own", "fr", ""),
    );
    directory.write("movie.m3u8", &master);
    let run =
        |out: &str, arguments: &[&str]| directory.decrypt("movie.m3u8", out, &[&["--key", KEY], arguments].concat());
    let decrypted = |arguments: &[&str]| {
        let done = run("out", arguments);
        assert!(done.status.success() && done.stderr.is_empty(), "{arguments:?} {done:?}");
        fs::read(directory.path("out")).unwrap()
    };
    assert!(decrypted(&["--quiet"]) == best);
    assert!(decrypted(&["--variant", "1"]) == other);
    assert!(decrypted(&["--variant", "2", "--rendition", "Deutsch"]) == german);
    assert!(decrypted(&["--rendition", "en"]) == english);
    assert!(decrypted(&["--rendition", "English (5.1)"]) == english);
    // The sound is not in the output, which is said.
    let done = run("out", &[]);
    assert!(done.status.success());
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("in renditions of its own, 'English (5.1)', 'Deutsch', and not in OUT"), "{said}");
    fs::remove_file(directory.path("out")).unwrap();
    for (arguments, reason) in [
        (&["--variant", "3"][..], "there is no variant 3; the playlist has 2"),
        (&["--variant", "0"], "there is no variant 0"),
        (&["--rendition", "B"], "there is no audio rendition 'B'; the variant has 'English (5.1)', 'Deutsch', 'Own'"),
        (&["--rendition", "Own"], "'Own' is in the segments of the variant itself"),
        (&["--rendition", "en", "--variant", "1"], "there is no audio rendition 'en': the variant has none"),
    ] {
        let said = sentence(&run("out", arguments));
        assert!(said.contains("movie.m3u8: ") && said.contains(reason), "{said}");
    }
    // All of it, or nothing.
    fs::create_dir(directory.path("all")).unwrap();
    let names = || {
        let mut names: Vec<_> =
            fs::read_dir(directory.path("all")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    directory.write("ac3/0.ac3", &stream("encrypted", "ac3.ac3")[..999]);
    let said = sentence(&run("all", &[]));
    assert!(said.contains("ac3/index.m3u8: line 6: ") && names().is_empty(), "{said} {:?}", names());
    directory.write("ac3/0.ac3", stream("encrypted", "ac3.ac3"));
    let done = run("all", &[]);
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    assert_eq!(names(), ["movie.Deutsch.ac3", "movie.English__5_1_.aac", "movie.ts"]);
    for (name, wanted) in [("movie.Deutsch.ac3", &german), ("movie.English__5_1_.aac", &english), ("movie.ts", &best)] {
        assert!(fs::read(directory.path("all").join(name)).unwrap() == *wanted, "{name}");
    }
    // Two languages that look alike do not become one file.
    directory.write("movie.m3u8", master.replace("Deutsch", "English [5.1]"));
    assert!(run("all", &[]).status.success());
    assert_eq!(names().len(), 4);
    assert!(fs::read(directory.path("all/movie.English__5_1_.ac3")).unwrap() == german);
}
