//! Playlists of HLS whose segments are files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use init_data::playlist::{self, Multivariant, Playlist, Rendition, Segment, Variant};
use media::{Container, Input, Keys, Segments, StreamInput};

use super::Args;
use super::local::{self, Local};
use crate::output::Output;
use crate::paint;

/// Bytes of a playlist, and of an initialization section, at most.
const LARGEST: u64 = 16 << 20;

/// Decrypts what the playlist lists. `input` is at its beginning.
pub fn run(options: &Args, input: &mut dyn Input, keys: &Keys) -> Result<(), String> {
    let path = &options.input;
    if path == Path::new("-") {
        return Err(
            "-: this is a playlist: its segments are looked for beside it, so that it must be a file".to_owned()
        );
    }
    let mut bytes = Vec::new();
    let mut reader = Reading(input).take(LARGEST + 1);
    reader.read_to_end(&mut bytes).map_err(|fault| format!("{}: {fault}", path.display()))?;
    let directory = options.output.is_dir().then_some(options.output.as_path());
    let jobs = match parse(path, &bytes)? {
        Playlist::Media(segments) => {
            if options.variant.is_some() || options.rendition.is_some() {
                return Err(format!(
                    "{}: --variant and --rendition are for multivariant playlists, and this one lists segments",
                    path.display()
                ));
            }
            vec![Job::new(path, &segments, None)?]
        }
        Playlist::Multivariant(list) => chosen(options, &list, directory.is_some())?,
    };
    let progress = super::progress(options, Some(jobs.iter().map(|job| job.length).sum()));
    let mut outputs = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for job in &jobs {
        let out = match directory {
            None => options.output.clone(),
            Some(directory) => {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                let suffix = job.suffix.as_ref().map_or_else(String::new, |suffix| format!(".{suffix}"));
                let extension = job.extension()?;
                let mut name = format!("{stem}{suffix}.{extension}");
                for number in 2.. {
                    if !names.contains(&name) {
                        break;
                    }
                    name = format!("{stem}{suffix}-{number}.{extension}");
                }
                names.push(name.clone());
                directory.join(name)
            }
        };
        let mut output = Output::create(&out)?;
        job.decrypt(options, keys, &mut output, &out, &progress)?;
        outputs.push(output);
    }
    progress.finish_and_clear();
    outputs.into_iter().try_for_each(Output::finish)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Playlist, String> {
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{}: a playlist of more than {LARGEST} bytes", path.display()));
    }
    playlist::parse(bytes).map_err(|fault| format!("{}: {fault}", path.display()))
}

/// What is wanted of a multivariant playlist: one, or a variant and all its renditions.
fn chosen(options: &Args, list: &Multivariant, all: bool) -> Result<Vec<Job>, String> {
    let path = &options.input;
    let of = |reason: String| format!("{}: {reason}", path.display());
    let variant = match options.variant {
        Some(number) => number
            .checked_sub(1)
            .and_then(|index| list.variants.get(index))
            .ok_or_else(|| of(format!("there is no variant {number}; the playlist has {}", list.variants.len())))?,
        // The first of several.
        None => list
            .variants
            .iter()
            .reduce(|best, other| if other.bandwidth > best.bandwidth { other } else { best })
            .ok_or_else(|| of("it lists no variant".to_owned()))?,
    };
    let audio: Vec<&Rendition> = list
        .renditions
        .iter()
        .filter(|one| one.kind == "AUDIO" && variant.audio.as_ref() == Some(&one.group))
        .collect();
    let apart: Vec<_> = audio.iter().filter(|one| one.uri.is_some()).copied().collect();
    if let Some(wanted) = &options.rendition {
        let found = select(&audio, wanted).map_err(of)?;
        let job = rendition(path, found)?;
        return Ok(vec![
            job.ok_or_else(|| of(format!("the rendition '{}' is in the segments of the variant itself", found.name)))?,
        ]);
    }
    let mut jobs = vec![listed(path, variant, None)?];
    if all {
        for one in &apart {
            jobs.extend(rendition(path, one)?);
        }
    } else if !apart.is_empty() && !options.quiet {
        let names: Vec<_> = apart.iter().map(|one| format!("'{}'", one.name)).collect();
        let note = format!(
            "{}: the variant's sound is in renditions of its own, {}, and not in OUT: --rendition NAME, or a directory as OUT",
            path.display(),
            names.join(", ")
        );
        eprintln!("native-drm: {}", paint::one_line(&note));
    }
    Ok(jobs)
}

/// The rendition with this name, or else this language.
fn select<'a>(audio: &[&'a Rendition], wanted: &str) -> Result<&'a Rendition, String> {
    let by = |is: &dyn Fn(&Rendition) -> bool| audio.iter().filter(|one| is(one)).copied().collect::<Vec<_>>();
    let mut found = by(&|one| one.name == wanted);
    if found.is_empty() {
        found = by(&|one| one.language.as_deref() == Some(wanted));
    }
    match found[..] {
        [one] => Ok(one),
        [] if audio.is_empty() => Err(format!("there is no audio rendition '{wanted}': the variant has none")),
        [] => {
            let names: Vec<_> = audio.iter().map(|one| format!("'{}'", one.name)).collect();
            Err(format!("there is no audio rendition '{wanted}'; the variant has {}", names.join(", ")))
        }
        _ => Err(format!("several audio renditions are '{wanted}': name one of them by its NAME")),
    }
}

fn rendition(path: &Path, one: &Rendition) -> Result<Option<Job>, String> {
    let Some(uri) = &one.uri else { return Ok(None) };
    let is_plain = |letter: char| letter.is_alphanumeric() || letter == '-';
    let suffix = one.name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let variant = Variant { uri: uri.clone(), bandwidth: 0, audio: None };
    listed(path, &variant, Some(suffix)).map(Some)
}

/// The media playlist of a variant.
fn listed(of: &Path, variant: &Variant, suffix: Option<String>) -> Result<Job, String> {
    let explain = |reason: String| format!("{}: {reason}", of.display());
    let path = local::path(of, &variant.uri).map_err(explain)?;
    let explain = |fault| explain(format!("line {}: {}: {fault}", variant.uri.line, path.display()));
    let mut bytes = Vec::new();
    File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(explain)?;
    match parse(&path, &bytes)? {
        Playlist::Media(segments) => Job::new(&path, &segments, suffix),
        Playlist::Multivariant(_) => {
            Err(format!("{}: a multivariant playlist, where one of segments should be", path.display()))
        }
    }
}

/// A media playlist, all of whose segments are there.
struct Job {
    playlist: PathBuf,
    parts: Vec<Part>,
    length: u64,
    /// What tells the output from others.
    suffix: Option<String>,
}

/// A segment.
struct Part {
    segment: Segment,
    file: Local,
    /// An initialization section that is not that of the segment before.
    new_map: Option<Local>,
}

impl Job {
    fn new(playlist: &Path, segments: &[Segment], suffix: Option<String>) -> Result<Self, String> {
        let of = |reason: String| format!("{}: {reason}", playlist.display());
        let mut parts: Vec<Part> = Vec::new();
        let mut map = None;
        for segment in segments.iter().filter(|segment| !segment.is_gap) {
            if let Some(key) = segment.key.as_ref().filter(|key| !key.method.starts_with("SAMPLE-AES")) {
                return Err(of(format!(
                    "line {}: METHOD={}: only SAMPLE-AES and SAMPLE-AES-CTR are decrypted, not segments that are encrypted as a whole",
                    key.line, key.method
                )));
            }
            let file = Local::find(playlist, &segment.resource).map_err(of)?;
            let wanted = segment.map.as_deref().map(|map| (&map.uri.text, map.range));
            let mut new_map = None;
            if map != wanted {
                map = wanted;
                new_map = segment.map.as_deref().map(|map| Local::find(playlist, map)).transpose().map_err(of)?;
            }
            parts.push(Part { segment: segment.clone(), file, new_map });
        }
        if parts.is_empty() {
            return Err(of("it lists no segment".to_owned()));
        }
        let length = parts.iter().map(|part| part.file.length).sum();
        Ok(Self { playlist: playlist.to_owned(), parts, length, suffix })
    }

    /// What the name of its output ends with.
    fn extension(&self) -> Result<String, String> {
        let first = &self.parts[0];
        let mut start = [0; 1024];
        let file = first.new_map.as_ref().unwrap_or(&first.file);
        let of = |reason: String| format!("{}: {reason}", self.playlist.display());
        let known = file.open().map_err(of)?.start(&mut start);
        let known = known.map_err(|fault| of(format!("{}: {fault}", file.name())))?;
        let own = || first.file.path.extension().map(|own| own.to_string_lossy().into_owned());
        Ok(match Container::of(&start[..known]) {
            Some(Container::Mp4) => "mp4".to_owned(),
            Some(Container::MpegTs) => "ts".to_owned(),
            // AAC, AC-3 or E-AC-3, whose segments are called so.
            _ => own().unwrap_or_else(|| "bin".to_owned()),
        })
    }

    fn decrypt(
        &self,
        options: &Args,
        keys: &Keys,
        output: &mut Output,
        out: &Path,
        progress: &ProgressBar,
    ) -> Result<(), String> {
        let of = |reason: String| format!("{}: {reason}", self.playlist.display());
        let failed = |file: &Local, fault: media::Error| match fault {
            media::Error::Write(_) => format!("{}: {fault}", out.display()),
            _ => of(format!("{}: {fault}", file.name())),
        };
        let mut segments = Segments::new(keys);
        // The initialization section, and which it is; of a transport stream, its tables.
        let mut map: Option<Vec<u8>> = None;
        for part in &self.parts {
            let wanted = part.options(options, keys);
            if let Some(file) = &part.new_map {
                let bytes = file.read(LARGEST).map_err(of)?;
                let is_mp4 = Container::of(&bytes) == Some(Container::Mp4);
                match (&map, is_mp4) {
                    (Some(before), true) if *before != bytes => {
                        return Err(of(format!(
                            "{}: another initialization section (EXT-X-MAP) than before, and a file has one",
                            file.name()
                        )));
                    }
                    (None, true) => {
                        let mut input = StreamInput::new(&bytes[..]);
                        let done = segments.add(&mut input, output, &wanted, &mut |_| {});
                        done.map_err(|fault| failed(file, fault))?;
                    }
                    _ => {}
                }
                map = Some(bytes);
            }
            let before = progress.position();
            let mut tell = |position| progress.set_position(before + position);
            let mut input = part.file.open().map_err(of)?;
            let tables =
                map.as_deref().filter(|_| part.segment.map.is_some() && segments.container() != Some(Container::Mp4));
            let done = match tables {
                Some(tables) => {
                    let mut whole = StreamInput::new(tables.chain(Reading(&mut input)));
                    segments.add(&mut whole, output, &wanted, &mut tell)
                }
                None => segments.add(&mut input, output, &wanted, &mut tell),
            };
            done.map_err(|fault| failed(&part.file, fault))?;
            progress.set_position(before + part.file.length);
        }
        Ok(())
    }
}

impl Part {
    /// Key and IV of SAMPLE-AES, where the segments do not say themselves how they are encrypted.
    fn options(&self, options: &Args, keys: &Keys) -> media::Options {
        let given = options.iv.as_ref();
        let key = self.segment.key.as_deref();
        let iv = key.map(|key| key.iv.unwrap_or_else(|| u128::from(self.segment.sequence).to_be_bytes()));
        let ids = key.map_or(&[][..], |key| &key.key_ids);
        let mut known = ids.iter().filter(|id| keys.get(id).is_some());
        let id = match (known.next(), known.next(), ids) {
            (Some(one), None, _) | (_, _, [one]) => Some(*one),
            _ => None,
        };
        media::Options {
            tracks: options.tracks.clone(),
            skip_missing: options.skip_missing,
            iv: given.map(|given| given.iv).or(iv),
            key_id: given.and_then(|given| given.key_id).or(id),
        }
    }
}

/// An input as a reader.
struct Reading<'a>(&'a mut dyn Input);

impl Read for Reading<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}
