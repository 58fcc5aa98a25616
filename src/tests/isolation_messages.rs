//! Whatever a player asks its host, and whatever a host says to its player: an answer or the end of the connection, and
//! neither a panic nor something that was not asked for.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, process, thread};

use crate::glue::error::Error;
use crate::isolation::testing::{Channel, Host, Message, connect, host};
use isolation::channel::{decode, encode};
use isolation::message::{
    Block, Event, Failure, KeyRequest, Notice, Place, Reply, Request, Sample, SessionRequest, Unit, UnitState,
};
use isolation::process::Process;

/// Numbers from a seed.
struct Random(u64);

impl Random {
    fn seeded() -> Self {
        let given = env::var("NATIVE_DRM_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from(process::id()) << 20 | 0x9e37);
        println!("seed: NATIVE_DRM_TEST_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    /// Changes, cuts, doubles or inserts bytes; or leaves them as they are.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.below(4) {
            let at = self.below(bytes.len());
            match self.below(5) {
                0 if !bytes.is_empty() => bytes[at] = self.byte(),
                1 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                2 => bytes.truncate(at),
                3 => bytes.insert(at.min(bytes.len()), self.byte()),
                4 if !bytes.is_empty() => bytes[at] = [0, 0x7f, 0x80, 0xff][self.below(4)],
                _ => {}
            }
        }
    }
}

fn bytes_of(message: &impl serde::Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(message, &mut bytes).unwrap();
    bytes.split_off(4)
}

const KEY_ID: [u8; 16] = *b"benchmark key id";
const ZERO: Block = Block([0; 16]);
const LICENSE: &[u8] = b"0YmVuY2htYXJrIGtleSBpZA==:K34VFiiu0qar9xWICc9PPA==";

fn sample(offset: u64, length: u32) -> Sample {
    let place = Place { offset, length };
    let subsamples = vec![(5, 11), (0, length.saturating_sub(16))];
    Sample {
        place,
        algorithm: 1,
        scheme: 0,
        iv_length: 16,
        iv: Block([7; 16]),
        key_id: Block(KEY_ID),
        pattern: (0, 0),
        subsamples,
    }
}

fn requests(session: u64) -> Vec<Vec<u8>> {
    let about = |request| Request::Session(session, request);
    let state = UnitState { flags: 0, algorithm: 0, iv_length: 0, key_id: ZERO, next_key_id: ZERO, iv: ZERO };
    let place = Place { offset: 4096, length: 300 };
    let unit =
        Unit { place, format: 4, nal_length_size: 0, algorithm: 0, key_id: Block(KEY_ID), iv: Block([1; 16]), state };
    let init_data = init_data::pssh::build(&[0x10; 16], &[KEY_ID], &[]);
    let request =
        KeyRequest { offline: false, init_data: &init_data, mime_type: "cenc", options: vec![(b"name", b"value")] };
    let all = [
        Request::SetString("name", "value"),
        Request::GetString("vendor"),
        Request::SetBytes("bytes", &[1, 2, 3]),
        Request::GetBytes("bytes"),
        Request::Statistics,
        Request::MaximumLevel,
        Request::KeySystemRequest,
        Request::AnnounceProvisioning,
        Request::KeySystemResponse(b"response"),
        Request::CertificateStatus,
        Request::OfflineIds,
        Request::OfflineStatus(&KEY_ID),
        Request::ClearOffline(&KEY_ID),
        Request::CreateSession(1),
        Request::FindSession(KEY_ID),
        Request::SetClock(1_700_000_000_000),
        Request::AdvanceClock(1000, false),
        Request::Listen(true),
        about(SessionRequest::KeyRequest(request)),
        about(SessionRequest::KeyResponse(LICENSE, Some(64))),
        about(SessionRequest::Status),
        about(SessionRequest::Clear),
        about(SessionRequest::ReleaseRequest(&KEY_ID)),
        about(SessionRequest::ReleaseResponse(&KEY_ID, b"{}")),
        about(SessionRequest::Restore(&KEY_ID)),
        about(SessionRequest::Level),
        about(SessionRequest::SecureDecoder("video/mp4")),
        about(SessionRequest::Explain),
        about(SessionRequest::Listen(true)),
        about(SessionRequest::Full(false)),
        about(SessionRequest::Decrypt(sample(64, 500))),
        about(SessionRequest::DecryptAll(vec![sample(0, 100), sample(65_000, 536)], false)),
        about(SessionRequest::DecryptAll(vec![sample(0, 100)], true)),
        about(SessionRequest::DecryptUnit(Box::new(unit))),
    ];
    all.iter().map(bytes_of).collect()
}

/// A host with an instance and a session that has a key, and with 64 KiB of memory; its store is below the directory.
fn host_with_session(store: &Path) -> (Host, u64) {
    let (notices, others) = UnixStream::pair().unwrap();
    thread::spawn(move || {
        let mut channel = Channel::new(Arc::new(others), None).unwrap();
        while channel.receive::<Notice>().is_ok() {}
    });
    let host = host("com.clearplay.drm", 64 << 10, notices).unwrap();
    let done = |reply| assert!(matches!(reply, Reply::Done), "{reply:?}");
    done(host.answer(Request::SetString("storagePath", store.to_str().unwrap())));
    let Reply::Session(session) = host.answer(Request::CreateSession(1)) else { panic!("no session") };
    let added = host.answer(Request::Session(session, SessionRequest::KeyResponse(LICENSE, Some(64))));
    assert!(matches!(added, Reply::Bytes(_)), "{added:?}");
    (host, session)
}

#[test]
fn a_host_answers_whatever_it_is_asked() {
    let mut random = Random::seeded();
    let store = env::temp_dir().join(format!("native_drm-{}-host", process::id()));
    let (mut refused, mut failed, mut done) = (0, 0, 0);
    for _ in 0..40 {
        let (host, session) = host_with_session(&store);
        let requests = requests(session);
        for _ in 0..500 {
            let mut bytes = requests[random.below(requests.len())].clone();
            random.mutate(&mut bytes);
            match decode::<Request<'_>>(&bytes) {
                Err(_) => refused += 1,
                Ok(request) => match host.answer(request) {
                    Reply::Failed(failure) => {
                        assert!(!failure.message.is_empty());
                        // The host itself is well: nothing panicked.
                        assert!(!failure.message.contains("panic"), "{}", failure.message);
                        failed += 1;
                    }
                    reply => {
                        assert!(!bytes_of(&reply).is_empty());
                        done += 1;
                    }
                },
            }
        }
        // It still does what it is for, unless that was what it was asked to end.
        if let Reply::Session(session) = host.answer(Request::CreateSession(1)) {
            let key = host.answer(Request::Session(session, SessionRequest::KeyResponse(LICENSE, Some(64))));
            assert!(matches!(key, Reply::Bytes(_)), "{key:?}");
            let sample = host.answer(Request::Session(session, SessionRequest::Decrypt(sample(64, 500))));
            assert!(matches!(sample, Reply::Done), "{sample:?}");
        }
        host.answer(Request::Close);
    }
    println!("{refused} were no requests, {failed} failed, {done} were done");
    assert!(refused > 1000 && failed > 1000 && done > 1000);
    let _ = fs::remove_dir_all(store);
}

#[test]
fn places_outside_of_the_memory_are_refused() {
    let store = env::temp_dir().join(format!("native_drm-{}-places", process::id()));
    let (host, session) = host_with_session(&store);
    let end = 64_u64 << 10;
    for (offset, length) in [(end, 16), (end - 15, 16), (u64::MAX, 16), (u64::MAX - 15, 16), (0, u32::MAX), (1, 65_536)]
    {
        let mut one = sample(offset, length);
        one.subsamples.clear();
        let reply = host.answer(Request::Session(session, SessionRequest::Decrypt(one)));
        assert!(matches!(reply, Reply::Failed(Failure { code: 401, .. })), "{reply:?}");
        let mut one = sample(offset, length);
        one.subsamples.clear();
        let reply =
            host.answer(Request::Session(session, SessionRequest::DecryptAll(vec![sample(0, 100), one], false)));
        assert!(matches!(reply, Reply::Failed(Failure { code: 401, .. })), "{reply:?}");
    }
    let mut whole = sample(0, 65_536);
    whole.subsamples.clear();
    let reply = host.answer(Request::Session(session, SessionRequest::Decrypt(whole)));
    assert!(matches!(reply, Reply::Done), "{reply:?}");
    host.answer(Request::Close);
    let _ = fs::remove_dir_all(store);
}

fn replies() -> Vec<Reply> {
    let failure = |code| Failure { code, message: "why".into(), index: Some(3), needed: Some(70) };
    vec![
        Reply::Done,
        Reply::Failed(failure(401)),
        Reply::Failed(failure(0)),
        Reply::Failed(failure(24_700_201)),
        Reply::Text("text".into()),
        Reply::Text("te\0xt".into()),
        Reply::Bytes(vec![1; 70]),
        Reply::Rows(vec![("name".into(), "value".into())]),
        Reply::Number(1),
        Reply::Number(99),
        Reply::Flag(true),
        Reply::Ids(vec![vec![1; 64], vec![2; 65]]),
        Reply::Session(7),
        Reply::Message(1, vec![1; 10_000], "https://license.example".into()),
        Reply::Unit(None, 1000),
    ]
}

/// A host that answers, and says unasked, what it likes. The player gets what it asked for, or an error; after what means nothing,
/// only DRM_ERR_SERVICE_DIED.
#[test]
fn a_player_takes_no_answer_that_it_did_not_ask_for() {
    let mut random = Random::seeded();
    let replies = replies();
    let notices = [
        Notice::KeysArrived,
        Notice::Log(1, "line".into()),
        Notice::Event(None, Event::Occurred(204, vec![1, 2], 3)),
        Notice::Event(None, Event::Occurred(77, vec![1, 2], 3)),
        Notice::Event(Some(7), Event::KeysChanged(vec![(vec![1; 16], 0), (vec![2; 16], 200)], true)),
    ];
    let (mut died, mut answered) = (0, 0);
    for _ in 0..150 {
        let (lane, of_host) = UnixStream::pair().unwrap();
        let (notice, others_notice) = UnixStream::pair().unwrap();
        let (control, of_process) = UnixStream::pair().unwrap();
        let process = Process::start(Path::new("/bin/cat"), of_process, &[]).unwrap();
        let link = connect(lane, notice, control, process);
        let mut raw = Channel::new(Arc::new(others_notice), None).unwrap();
        let mut said = bytes_of(&notices[random.below(notices.len())]);
        random.mutate(&mut said);
        let _ = raw.send(&Message(said));
        let seed = Random(random.0);
        let likes = replies.iter().map(bytes_of).collect::<Vec<_>>();
        let host = thread::spawn(move || {
            let mut random = seed;
            let mut channel = Channel::new(Arc::new(of_host), Some(Duration::from_secs(20))).unwrap();
            while let Ok(Message(request)) = channel.receive::<Message>() {
                // The number of the request, which is in front of it.
                let number = request.iter().position(|byte| byte & 0x80 == 0).map_or(0, |last| last + 1);
                let mut answer = likes[random.below(likes.len())].clone();
                random.mutate(&mut answer);
                answer.splice(0..0, request[..number].iter().copied());
                if channel.send(&Message(answer)).is_err() {
                    break;
                }
            }
        });
        let mut dead = false;
        for _ in 0..20 {
            let mut id = [0; 16];
            id[0] = random.byte();
            let results = [
                link.maximum_level().map(drop),
                link.statistics().map(drop),
                link.offline_key_ids().map(|ids| assert!(ids.iter().all(|id| id.len() <= 64))),
                link.certificate_status().map(drop),
                link.configuration_string("name").map(|text| assert!(!text.contains('\0'))),
                link.generate_key_system_request().map(drop),
                link.offline_key_status(&id).map(drop),
                link.clear_offline_key(&id),
            ];
            for result in results {
                match result {
                    Err(Error::HostDied(_)) => dead = true,
                    Ok(()) | Err(Error::Remote { .. }) => assert!(!dead),
                    Err(other) => panic!("{other}"),
                }
            }
        }
        if dead {
            died += 1;
        } else {
            answered += 1;
        }
        drop(link);
        drop(raw);
        host.join().unwrap();
    }
    println!("{died} were given up, {answered} were not");
    assert!(died > 100);
}
