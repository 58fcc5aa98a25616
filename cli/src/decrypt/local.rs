//! Files that a playlist names.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use init_data::playlist::{Resource, Uri};
use media::FileInput;

/// A file, or a part of one, that is there.
pub struct Local {
    pub path: PathBuf,
    /// The line of the playlist that it stands on.
    pub line: usize,
    /// Offset and length of the part.
    range: Option<(u64, u64)>,
    pub length: u64,
}

impl Local {
    /// Finds what the playlist `of` names. It must be a regular file, and have the range.
    pub fn find(of: &Path, resource: &Resource) -> Result<Self, String> {
        let (line, range) = (resource.uri.line, resource.range);
        let path = path(of, &resource.uri)?;
        let whole = fs::metadata(&path).map_err(|fault| format!("line {line}: {}: {fault}", path.display()))?;
        if !whole.is_file() {
            return Err(format!("line {line}: {}: this is no regular file", path.display()));
        }
        if let Some((offset, length)) = range
            && offset.checked_add(length).is_none_or(|end| end > whole.len())
        {
            return Err(format!(
                "line {line}: {}: it has {} bytes, and the byte range is {length}@{offset}",
                path.display(),
                whole.len()
            ));
        }
        Ok(Self { path, line, range, length: range.map_or(whole.len(), |(_, length)| length) })
    }

    /// What errors call it.
    pub fn name(&self) -> String {
        let part = self.range.map_or_else(String::new, |(offset, length)| format!(" (bytes {length}@{offset})"));
        format!("line {}: {}{part}", self.line, self.path.display())
    }

    pub fn open(&self) -> Result<FileInput, String> {
        let input = File::open(&self.path).and_then(|file| match self.range {
            Some((offset, length)) => FileInput::part(file, offset, length),
            None => FileInput::new(file),
        });
        input.map_err(|fault| format!("{}: {fault}", self.name()))
    }

    /// Its bytes, if they are not more than `most`.
    pub fn read(&self, most: u64) -> Result<Vec<u8>, String> {
        if self.length > most {
            return Err(format!("{}: it has {} bytes, more than {most}", self.name(), self.length));
        }
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            if let Some((offset, _)) = self.range {
                std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(offset))?;
            }
            file.take(self.length).read_to_end(&mut bytes)
        });
        read.map_err(|fault| format!("{}: {fault}", self.name()))?;
        Ok(bytes)
    }
}

/// The path of what the playlist `of` names: relative to the playlist, or absolute.
pub fn path(of: &Path, uri: &Uri) -> Result<PathBuf, String> {
    let text = uri.text.as_str();
    let beside = |text: &str| of.parent().unwrap_or(Path::new("")).join(text);
    // Names of files are often not escaped as those of URIs have to be.
    let plain = beside(text);
    if plain.exists() {
        return Ok(plain);
    }
    let rest = text.split_once("://").map_or(Ok(text), |(scheme, rest)| {
        let rest = rest.strip_prefix("localhost").unwrap_or(rest);
        if scheme.eq_ignore_ascii_case("file") && rest.starts_with('/') {
            return Ok(rest);
        }
        Err(format!("line {}: {text}: only files of this machine are read", uri.line))
    })?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    Ok(beside(&unescaped(rest).unwrap_or_else(|| rest.to_owned())))
}

/// `%20` and others resolved; none if that is no text.
fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let mut escaped = [0];
        if byte == b'%' && after.len() >= 2 && hex::decode_to_slice(&after[..2], &mut escaped).is_ok() {
            out.push(escaped[0]);
            rest = &after[2..];
        } else {
            out.push(byte);
            rest = after;
        }
    }
    String::from_utf8(out).ok()
}
