//! A disk that takes nothing for a while: the server stays, says so, and goes on when the disk does.

use crate::ask::ask;
use crate::client::{Device, exchange};
use crate::database::health;
use crate::process::{Server, catalog};

#[test]
fn a_server_goes_on_after_an_error_of_its_disk() {
    let directory = tempfile::tempdir().unwrap();
    let (data, catalog) = (directory.path().join("data"), catalog(directory.path()));
    let arguments = ["--data", data.to_str().unwrap(), "--catalog", catalog.to_str().unwrap()];
    let server = Server::start_limited(&arguments);
    let health = || exchange(&mut server.connect(), "/health", "", b"").unwrap().status;
    let mut device = Device::provisioned(server.address);
    let mut license = device.license().unwrap();
    for _ in 0..3 {
        assert_eq!(health(), 200, "{}", server.log());
        // Nothing can be written.
        server.limit_files("0");
        let request = device.session.renewal_request(&device.client, license.reference(), &ask()).unwrap();
        for _ in 0..3 {
            let answer = device.send("/renew", &request).unwrap();
            assert_eq!((answer.status, answer.rule().as_str()), (503, "TRY_AGAIN"), "{}", server.log());
            assert_eq!(health(), 503);
        }
        server.limit_files("unlimited");
        assert_eq!(health(), 200, "{}", server.log());
        // The very same message: nothing had been changed.
        assert_eq!(device.send("/renew", &request).unwrap().status, 200, "{}", server.log());
        license = device.renew(&license).unwrap();
    }
}

/// What can be read is there although nothing can be written, and is not called healthy.
#[test]
fn a_disk_that_takes_nothing_is_unhealthy_before_the_first_message() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start_limited(&["--data", data.to_str().unwrap()]);
    server.limit_files("0");
    let answer = exchange(&mut server.connect(), "/health", "", b"").unwrap();
    assert_eq!(answer.status, 503);
    server.limit_files("unlimited");
    let answer = exchange(&mut server.connect(), "/health", "", b"").unwrap();
    assert_eq!(answer.status, 200, "{}", server.log());
}

/// Nobody sends a message while the disk fails, and it has just been found well.
#[test]
fn a_disk_that_fails_is_noticed_without_a_message() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start_limited(&["--data", data.to_str().unwrap()]);
    for _ in 0..3 {
        assert_eq!(health(&server, 200), 200, "{}", server.log());
        server.limit_files("0");
        assert_eq!(health(&server, 503), 503);
        server.limit_files("unlimited");
        assert_eq!(exchange(&mut server.connect(), "/health", "", b"").unwrap().status, 200, "{}", server.log());
    }
}
