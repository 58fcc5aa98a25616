//! What issuing and processing a license costs beside the bare cryptographic operations that it needs. Ratios of medians
//! from one run, the two sides interleaved. The service has its store in memory: a directory adds a sync of the disk,
//! which concurrent requests share.
//!
//!   cargo bench -p native-drm-license-service --bench license      exit status 2 if a ratio is over its target

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use base::clock::SystemClock;
use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Kem, OpModeR, OpModeS, Serializable};
use license::protocol::service_side::Engine;
use license::protocol::{Ask, Bytes, Client, SessionClient};
use license::template::{DeviceLevel, Hdcp};
use license_service::{Content, Endpoint, Sender, Service, Settings};
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate;

const ROUNDS: usize = 400;
/// Requests at a time where they share commits.
const AT_ONCE: usize = 16;
/// The largest ratio that the project allows itself.
const TARGET: f64 = 1.5;

fn microseconds(body: impl FnOnce()) -> f64 {
    let start = Instant::now();
    body();
    start.elapsed().as_secs_f64() * 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Processor time of a license, microseconds, with so many requests at a time that they share commits, as those at a server do.
fn at_once(service: &Service, client: &Client, ask: &Ask) -> f64 {
    let request = |_| SessionClient::new().unwrap().license_request(client, ask).unwrap();
    let requests: Vec<_> = (0..AT_ONCE).map(|_| (0..ROUNDS / 4).map(request).collect::<Vec<_>>()).collect();
    let spent = std::thread::scope(|scope| {
        let worker = |requests: Vec<Vec<u8>>| {
            scope.spawn(move || {
                for request in &requests {
                    black_box(service.handle(request, Endpoint::Any, &Sender::Anyone).unwrap());
                }
                let time = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
                time.split(' ').next().unwrap().parse::<f64>().unwrap() / 1000.0
            })
        };
        let workers: Vec<_> = requests.into_iter().map(worker).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<f64>()
    });
    spent / (AT_ONCE * (ROUNDS / 4)) as f64
}

fn main() -> ExitCode {
    let service = Service::for_tests().unwrap();
    let content = br#"{"content_id":"bW92aWU=","keys":[{"track_type":"SD","key_id":"oKCgoKCgoKCgoKCgoKCgoA==",
        "key":"KysrKysrKysrKysrKysrKw=="},{"track_type":"AUDIO","key_id":"oaGhoaGhoaGhoaGhoaGhoQ==",
        "key":"LCwsLCwsLCwsLCwsLCwsLA=="}]}"#;
    service.add_content(&Content::parse(content).unwrap()).unwrap();
    let handle = |message: &[u8]| service.handle(message, Endpoint::Any, &Sender::Anyone).unwrap().body;
    // The server's: the same with ring.
    let fast = Settings { engine: &service_crypto::Ring, ..Settings::default() };
    let fast = Service::in_memory(Arc::new(SystemClock::new()), fast).unwrap();
    fast.add_content(&Content::parse(content).unwrap()).unwrap();
    let mut fast_client = Client::new(None).unwrap();
    let answer = fast.handle(&fast_client.provision_request().unwrap(), Endpoint::Any, &Sender::Anyone).unwrap();
    fast_client.process_provision_response(&answer.body).unwrap();
    let mut client = Client::new(None).unwrap();
    let response = handle(&client.provision_request().unwrap());
    client.process_provision_response(&response).unwrap();
    let ask = Ask {
        key_ids: vec![vec![0xa0; 16]],
        persistent: false,
        device_level: DeviceLevel::SwCrypto,
        hdcp: Hdcp::None,
        client_token: None,
        options: BTreeMap::new(),
    };

    // The bare operations, on texts of the sizes that occur.
    let key = SigningKey::try_generate().unwrap();
    let (private, public) = DhP256HkdfSha256::gen_keypair();
    let (request, license, associated) = (vec![1; 1300], vec![2; 1100], [3; 100]);
    let signed: Signature = key.sign(&request);
    let seal = || {
        hpke::single_shot_seal::<AesGcm128, HkdfSha256, DhP256HkdfSha256>(
            &OpModeS::Base,
            &public,
            b"info",
            &license,
            &associated,
        )
        .unwrap()
    };
    let (encapsulated, sealed) = seal();
    let bare_service = || {
        key.verifying_key().verify(black_box(&request), &signed).unwrap();
        let (_, sealed) = black_box(seal());
        let signature: Signature = key.sign(&sealed);
        black_box(signature);
    };
    let bare_client = || {
        black_box(DhP256HkdfSha256::gen_keypair());
        let signature: Signature = key.sign(black_box(&request));
        black_box(signature);
        key.verifying_key().verify(black_box(&request), &signed).unwrap();
        let opened = hpke::single_shot_open::<AesGcm128, HkdfSha256, DhP256HkdfSha256>(
            &OpModeR::Base,
            &private,
            &encapsulated,
            b"info",
            &sealed,
            &associated,
        );
        black_box(opened.unwrap());
    };

    let engine = service_crypto::Ring;
    let (signer, verifying) = (engine.signer(key.clone()).unwrap(), *key.verifying_key());
    let fast_signed = signer.sign(&request).unwrap();
    let recipient = Bytes(public.to_bytes().to_vec());
    let fast_bare = || {
        assert!(engine.verify(&verifying, black_box(&request), &fast_signed));
        let sealed = black_box(engine.seal(&recipient, &license, &associated).unwrap());
        black_box(signer.sign(&sealed.text.0).unwrap());
    };

    let mut times: [Vec<f64>; 6] = Default::default();
    for round in 0..ROUNDS + 20 {
        let mut session = SessionClient::new().unwrap();
        let (mut request, mut response) = (Vec::new(), Vec::new());
        let mut own_client = microseconds(|| request = session.license_request(&client, &ask).unwrap());
        let own_service = microseconds(|| response = handle(&request));
        own_client += microseconds(|| drop(black_box(session.accept(&client, &response).unwrap())));
        let bare = [microseconds(bare_service), microseconds(bare_client)];
        let mut session = SessionClient::new().unwrap();
        let request = session.license_request(&fast_client, &ask).unwrap();
        let fast_service =
            microseconds(|| drop(black_box(fast.handle(&request, Endpoint::Any, &Sender::Anyone).unwrap())));
        let fast_bare = microseconds(fast_bare);
        if round >= 20 {
            for (times, time) in
                times.iter_mut().zip([own_service, bare[0], own_client, bare[1], fast_service, fast_bare])
            {
                times.push(time);
            }
        }
    }
    let [own_service, bare_service, own_client, bare_client, fast_service, fast_bare] = times.map(median);
    let row = |what: &str, own: f64, bare: f64| {
        let verdict = if own <= TARGET * bare { "within" } else { "over" };
        println!("{what:<34} {own:>7.0} us, bare {bare:>7.0} us: {:.2} ({verdict} {TARGET})", own / bare);
        own <= TARGET * bare
    };
    let within =
        [row("issuing a license", own_service, bare_service), row("request and processing", own_client, bare_client)];
    // Beside operations so fast, the store's commit is half of it; the target is for the others.
    let ratio = fast_service / fast_bare;
    println!("{:<34} {fast_service:>7.0} us, bare {fast_bare:>7.0} us: {ratio:.2}", "issuing a license, with ring");
    println!(
        "with ring, {AT_ONCE} at a time: {:.0} us of processor time a license",
        at_once(&fast, &fast_client, &ask)
    );
    println!("licenses per second and core: {:.0}, with ring {:.0}", 1e6 / own_service, 1e6 / fast_service);
    if within == [true; 2] { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
