//! Directories of inputs.

use std::fs;
use std::path::Path;

/// The files of a directory in the order of their names; none if there is no such directory.
pub fn read(directory: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    let failed = |fault: std::io::Error| format!("{}: {fault}", directory.display());
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for item in fs::read_dir(directory).map_err(failed)? {
        let item = item.map_err(failed)?;
        files.push((item.file_name().to_string_lossy().into_owned(), fs::read(item.path()).map_err(failed)?));
    }
    files.sort();
    Ok(files)
}

/// Writes inputs into files that are named after their content.
pub fn write(directory: &Path, inputs: &[Vec<u8>]) -> Result<(), String> {
    let failed = |fault: std::io::Error| format!("{}: {fault}", directory.display());
    fs::create_dir_all(directory).map_err(failed)?;
    for input in inputs {
        fs::write(directory.join(name(input)), input).map_err(failed)?;
    }
    Ok(())
}

/// A name for a file with this content.
pub fn name(input: &[u8]) -> String {
    format!("{:016x}", fuzz_targets::observe::hash(input.iter().copied()))
}
