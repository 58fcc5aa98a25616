//! Where the session bus is.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::str::FromStr;
use zbus::address::Transport;
use zbus::address::transport::{Unix, UnixSocket};
use zbus::{Address, Error, Result};

/// Addresses of the session bus as the environment tells; empty if it tells nothing.
///
/// To be called by the program's own threads: another one must not read the environment while the program changes it. (What
/// an address of kind `tcp:` or `unixexec:` makes the system do later, to look up a host or to start a program, does read it.)
pub fn session_bus() -> String {
    let named = env::var("DBUS_SESSION_BUS_ADDRESS").ok().filter(|addresses| !addresses.is_empty());
    named.or_else(|| env::var_os("XDG_RUNTIME_DIR").map(|directory| in_directory(&directory))).unwrap_or_default()
}

/// The address of the bus that systemd starts in the user's runtime directory.
fn in_directory(directory: &OsStr) -> String {
    let mut address = "unix:path=".to_owned();
    for &byte in Path::new(directory).join("bus").as_os_str().as_bytes() {
        // D-Bus specification, "Server Addresses".
        if byte.is_ascii_alphanumeric() || b"-_/.\\*".contains(&byte) {
            address.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(address, "%{byte:02x}");
        }
    }
    address
}

/// Reads an address. zbus leaves the escapes in names of Unix sockets as they are.
pub fn parse(address: &str) -> Result<Address> {
    let parsed = Address::from_str(address)?;
    let Transport::Unix(socket) = parsed.transport() else { return Ok(parsed) };
    let decoded = match socket.path() {
        UnixSocket::File(path) => UnixSocket::File(unescape(path.as_os_str())?.into()),
        UnixSocket::Abstract(name) => UnixSocket::Abstract(unescape(name)?),
        _ => return Ok(parsed),
    };
    let address = Address::new(Transport::Unix(Unix::new(decoded)));
    match parsed.guid() {
        Some(guid) => address.set_guid(guid.clone()),
        None => Ok(address),
    }
}

fn unescape(name: &OsStr) -> Result<OsString> {
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let mut byte = [first];
        if first == b'%' {
            let digits = after.get(..2).and_then(|digits| hex::decode_to_slice(digits, &mut byte).ok());
            digits.ok_or_else(|| Error::Address(format!("{}: an escape without two digits", name.display())))?;
            rest = &after[2..];
        }
        bytes.extend(byte);
    }
    Ok(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_sockets_are_read() {
        let path = |address: &str| match parse(address).unwrap().transport() {
            Transport::Unix(socket) => socket.path().clone(),
            other => panic!("{other:?}"),
        };
        for name in ["/run/user/1000", "/a b;c,d=é%", "/%41"] {
            let expected = UnixSocket::File(Path::new(name).join("bus"));
            assert_eq!(path(&in_directory(OsStr::new(name))), expected);
        }
        assert_eq!(path("unix:abstract=/tmp/%64bus%2c1"), UnixSocket::Abstract("/tmp/dbus,1".into()));
        let guid = "14dd155571747260556580266b035725";
        assert_eq!(parse(&format!("unix:path=/bus,guid={guid}")).unwrap().guid().unwrap().as_str(), guid);
        for bad in ["", "nonsense", "unix:path=/%", "unix:path=/%4", "unix:path=/%4g", "unix:path=/%%41"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_are_escaped() {
        assert_eq!(in_directory(OsStr::new("/run/user/1000")), "unix:path=/run/user/1000/bus");
        assert_eq!(in_directory(OsStr::new("/a b;c,d=é%")), "unix:path=/a%20b%3bc%2cd%3d%c3%a9%25/bus");
    }
}
