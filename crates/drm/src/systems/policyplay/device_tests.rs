//! Whose identity is used: of several machines, authorities and damages in one store.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::platform::Platform;
use crate::storage::StoredStatus;
use crate::system::SystemLink;
use license_service::{Endpoint, Sender, Service};

const NAME: &str = "com.policyplay.drm";
const MACHINES: [&str; 2] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];

/// A new process on a machine.
fn device(store: &Path, machine: Option<Machine>, authority: Option<&[u8]>) -> DeviceIdentity {
    let platform = Platform::on(machine, NAME);
    platform.use_stores(platform.stores_in(store).unwrap());
    if let Some(authority) = authority {
        platform.byte_arrays.set(LICENSE_AUTHORITY.into(), authority.to_vec()).unwrap();
    }
    DeviceIdentity::new(Arc::new(SystemLink { platform: Arc::new(platform), events: Arc::default() }))
}

fn machines() -> [Option<Machine>; 3] {
    let [one, two] = MACHINES.map(Machine::by_id);
    [one, two, None]
}

fn answer(device: &DeviceIdentity, service: &Service) -> Result<Vec<u8>> {
    let reply = service.handle(&device.provision_request()?, Endpoint::Any, &Sender::Trusted).unwrap();
    Ok(reply.body)
}

fn provision(device: &DeviceIdentity, service: &Service) -> Result<()> {
    device.process_provision_response(&answer(device, service)?)
}

fn id(device: &DeviceIdentity) -> Option<[u8; 16]> {
    match device.with(|client| Ok(client.device_id().0)) {
        Ok(id) => Some(id),
        Err(Error::NotProvisioned) => None,
        Err(error) => panic!("{error}"),
    }
}

/// The id of a device that is provisioned now, if it was not.
fn provisioned(device: &DeviceIdentity, service: &Service) -> [u8; 16] {
    if id(device).is_none() {
        provision(device, service).unwrap();
    }
    id(device).unwrap()
}

fn authority(device: &DeviceIdentity) -> Vec<u8> {
    device.with(|client| Ok(client.authority().unwrap().to_vec())).unwrap()
}

fn path_of(store: &Path, place: &[u8]) -> PathBuf {
    store.join(format!("{NAME}.device")).join(hex::encode(place) + ".key")
}

/// Machines that use one store (a copy of it or a shared home directory) are one device each, with a token of its own, and stay the one
/// that they are, whatever the others do and whoever was first; likewise each authority that is configured.
#[test]
fn each_machine_and_authority_is_a_device_of_its_own() {
    let services = [(); 2].map(|()| Service::for_tests().unwrap());
    let authorities = [0, 1].map(|i| {
        let store = tempfile::tempdir().unwrap();
        let device = device(store.path(), None, None);
        provision(&device, &services[i]).unwrap();
        authority(&device)
    });
    let kinds = [(0, 0), (0, 1), (1, 0), (1, 1)];
    for first in 0..kinds.len() {
        let store = tempfile::tempdir().unwrap();
        let open = |(machine, authority): (usize, usize)| {
            device(store.path(), machines()[machine], Some(&*authorities[authority]))
        };
        let mut known = Vec::new();
        for kind in (0..kinds.len()).map(|i| kinds[(first + i) % kinds.len()]) {
            let device = open(kind);
            assert_eq!(id_and_token(&device), (None, None), "{kind:?}");
            let id = provisioned(&device, &services[kind.1]);
            let token = format!("{kind:?}").into_bytes();
            device.set_client_token(&token).unwrap();
            assert!(known.iter().all(|(_, other, _)| *other != id));
            known.push((kind, id, token));
            for (kind, own, token) in &known {
                let device = open(*kind);
                assert_eq!(id_and_token(&device), (Some(*own), Some(token.clone())), "{kind:?}");
            }
        }
    }
}

fn id_and_token(device: &DeviceIdentity) -> (Option<[u8; 16]>, Option<Vec<u8>>) {
    (id(device), device.client_token().unwrap())
}

#[test]
fn a_copied_store_is_no_device_and_the_first_one_goes_on() {
    let service = Service::for_tests().unwrap();
    let [one, two, none] = machines();
    for other in [two, none] {
        let store = tempfile::tempdir().unwrap();
        let first = provisioned(&device(store.path(), one, None), &service);
        let copy = device(store.path(), other, None);
        assert_eq!(copy.status().unwrap(), CertificateStatus::NotProvisioned);
        let second = provisioned(&copy, &service);
        assert_ne!(first, second);
        assert_eq!(id(&device(store.path(), other, None)), Some(second));
        assert_eq!(id(&device(store.path(), one, None)), Some(first));
        // A new certificate for the same device.
        let again = device(store.path(), other, None);
        again.process_provision_response(&answer(&again, &service).unwrap()).unwrap();
        assert_eq!(id(&device(store.path(), other, None)), Some(second));
        assert_eq!(id(&device(store.path(), one, None)), Some(first));
    }
}

/// As they were kept before they were bound, and as they are kept where no machine has an id.
#[test]
fn what_is_nobodys_is_bound_at_its_first_use() {
    let service = Service::for_tests().unwrap();
    let [one, two, none] = machines();
    for is_old in [true, false] {
        let store = tempfile::tempdir().unwrap();
        let before = device(store.path(), none, None);
        let own = provisioned(&before, &service);
        before.set_client_token(b"token").unwrap();
        let entries = before.host().device_store().unwrap();
        if is_old {
            let secret = before.with(|client| Ok(client.to_secret())).unwrap();
            for (place, payload) in [(IDENTITY, secret), (CLIENT_TOKEN, b"token"[..].into())] {
                entries.put_all(&[(place, StoredKey { status: StoredStatus::Usable, payload })]).unwrap();
            }
        }
        assert_eq!(id(&device(store.path(), none, None)), Some(own), "still nobody's");
        let first = device(store.path(), one, None);
        assert_eq!(id(&first), Some(own));
        assert_eq!(first.client_token().unwrap().as_deref(), Some(&b"token"[..]));
        for other in [two, none] {
            let other = device(store.path(), other, None);
            assert_eq!(id(&other), None);
            assert_eq!(other.client_token().unwrap(), None);
        }
        assert_eq!(id(&device(store.path(), one, None)), Some(own));
        // No file shows the machine's own id.
        for place in [IDENTITY, CLIENT_TOKEN] {
            let payload = entries.get(place).unwrap().unwrap().payload;
            assert!(!payload.windows(32).any(|window| window == MACHINES[0].as_bytes()));
        }
    }
}

type Damage = fn(&Path, &dyn OfflineStore, &[u8]);

/// Each place damaged in each way: whoever trusts an authority begins anew beside it, whoever trusts the first one is told.
#[test]
fn a_damaged_identity_keeps_nobody_with_an_authority_from_being_provisioned() {
    let services = [(); 2].map(|()| Service::for_tests().unwrap());
    let machine = machines()[0];
    let damages: [Damage; 3] = [
        |file, _, _| fs::write(file, b"damaged").unwrap(),
        |file, store, place| {
            let former = fs::read(file).unwrap();
            assert!(store.update(place, &mut |stored| Ok(Some(stored.clone()))).unwrap());
            fs::write(file, former).unwrap();
        },
        |_, store, place| {
            let payload = b"no identity"[..].into();
            store.put_all(&[(place, StoredKey { status: StoredStatus::Usable, payload })]).unwrap();
        },
    ];
    for damage in damages {
        let store = tempfile::tempdir().unwrap();
        let first = device(store.path(), machine, None);
        provision(&first, &services[0]).unwrap();
        let entries = first.host().device_store().unwrap();
        let second = tempfile::tempdir().unwrap();
        let other = device(second.path(), machine, None);
        provision(&other, &services[1]).unwrap();
        let authority = authority(&other);

        damage(&path_of(store.path(), IDENTITY), &*entries, IDENTITY);
        let unasked = device(store.path(), machine, None);
        assert!(unasked.status().is_err() && unasked.provision_request().is_err());
        let mut known = Vec::new();
        // Until there is something damaged in all three places.
        for place in [under(IDENTITY, &authority), beside(IDENTITY, Some(&authority), machine)] {
            let own = device(store.path(), machine, Some(&authority));
            assert_eq!(own.status().unwrap(), CertificateStatus::NotProvisioned);
            provision(&own, &services[1]).unwrap();
            let own = id(&device(store.path(), machine, Some(&authority))).unwrap();
            assert!(!known.contains(&own));
            known.push(own);
            damage(&path_of(store.path(), &place), &*entries, &place);
        }
        let own = device(store.path(), machine, Some(&authority));
        assert!(own.status().is_err() && own.provision_request().is_err());
        // What is deleted makes room.
        fs::remove_file(path_of(store.path(), IDENTITY)).unwrap();
        provision(&own, &services[1]).unwrap();
        assert!(!known.contains(&id(&device(store.path(), machine, Some(&authority))).unwrap()));
    }
}

#[test]
fn a_damaged_token_is_none() {
    let store = tempfile::tempdir().unwrap();
    let device = device(store.path(), machines()[0], None);
    device.set_client_token(b"first").unwrap();
    fs::write(path_of(store.path(), CLIENT_TOKEN), b"damaged").unwrap();
    assert_eq!(device.client_token().unwrap(), None);
    device.set_client_token(b"second").unwrap();
    assert_eq!(device.client_token().unwrap().as_deref(), Some(&b"second"[..]));
}

/// Two processes are provisioned at the same time: the second one becomes the first one's device.
#[test]
fn whoever_is_slower_is_the_faster_ones_device() {
    let service = Service::for_tests().unwrap();
    for machine in machines() {
        let store = tempfile::tempdir().unwrap();
        let [one, two] = [(); 2].map(|()| device(store.path(), machine, None));
        let answers = [&one, &two].map(|device| answer(device, &service).unwrap());
        one.process_provision_response(&answers[0]).unwrap();
        two.process_provision_response(&answers[1]).unwrap();
        assert_eq!(id(&one), id(&two));
    }
}
