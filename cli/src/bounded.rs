//! Small files: license templates, policies, keys.

use std::io::Read;

/// Bytes of a template or stored policy, as the C API takes them; more than a JWK Set of all keys of a film has.
pub const LARGEST: u64 = 1 << 20;

/// All bytes of a file that is called `name`.
pub fn read(file: impl Read, name: impl std::fmt::Display) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|fault| format!("{name}: {fault}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{name}: more than {LARGEST} bytes"));
    }
    Ok(bytes)
}
