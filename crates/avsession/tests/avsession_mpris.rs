//! Sessions at a bus of their own, with a clock that stands still until it is moved, and floods of calls.
//!
//! Needs `dbus-daemon` and `playerctl` (Debian: dbus, playerctl); without them the tests say so and pass.

#![cfg(all(feature = "mpris", target_os = "linux"))]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};

use avsession::commands::{Command as Order, CommandKind};
use avsession::identity::{Identity, SessionType};
use avsession::metadata::Metadata;
use avsession::mpris;
use avsession::playback::{Position, State};
use avsession::session::{MAX_PENDING, Session};
use base::call::Call;
use base::clock::{Clock, Signal, VirtualClock};
use base::log;
use zbus::message::Flags;
use zbus::{Connection, Message, MessageStream, Variant};

const OBJECT: &str = "/org/mpris/MediaPlayer2";
const PLAYER: &str = "org.mpris.MediaPlayer2.Player";
const EXTENSION: &str = "org.ohos.AVSession1";
const NOW: i64 = 1_700_000_000_000;

/// A bus that ends with its value.
struct Bus {
    process: Child,
    address: String,
}

impl Bus {
    fn start() -> Option<Self> {
        let program =
            |name: &str| Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if program("dbus-daemon").is_err() || program("playerctl").is_err() {
            eprintln!("not tested: dbus-daemon or playerctl is missing");
            return None;
        }
        let mut process = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Some(Self { process, address: address.trim().to_owned() })
    }

    /// What playerctl prints about the only player.
    fn playerctl(&self, arguments: &[&str]) -> String {
        let output =
            Command::new("playerctl").args(arguments).env("DBUS_SESSION_BUS_ADDRESS", &self.address).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A session at a bus, and somebody who looks at it.
struct Scene {
    session: Arc<Session>,
    clock: Arc<VirtualClock>,
    client: Connection,
    name: String,
    bus: Bus,
}

impl Scene {
    /// A session that plays media of a minute, and has receivers for some commands.
    async fn new(kinds: &[CommandKind], receiver: impl Fn(&Order) + Send + Sync + Clone + 'static) -> Option<Self> {
        let bus = Bus::start()?;
        let clock = Arc::new(VirtualClock::new(NOW));
        let identity = Identity {
            kind: SessionType::Audio,
            tag: "Test".to_owned(),
            bundle: "org.example.test".to_owned(),
            ability: "main".to_owned(),
        };
        let factory = mpris::factory(Some(bus.address.clone()));
        let session = Session::new(identity, Arc::clone(&clock) as Arc<_>, factory).unwrap();
        for (identity, &kind) in kinds.iter().enumerate() {
            let receiver = receiver.clone();
            session.register(
                kind,
                identity,
                Arc::new(move |order| {
                    receiver(order);
                    Call::of(|| true)
                }),
            );
        }
        let metadata = Metadata { asset_id: "a".to_owned(), duration: 60_000, ..Metadata::default() };
        session.set_metadata(&Arc::new(metadata)).unwrap();
        let client = zbus::connection::Builder::address(bus.address.as_str()).build().await.unwrap();
        let mut scene = Self { session, clock, client, name: String::new(), bus };
        scene.activate().await;
        Some(scene)
    }

    /// Activates the session and waits for its name.
    async fn activate(&mut self) {
        let rule = "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0namespace='org.mpris.MediaPlayer2'";
        let bus = "org.freedesktop.DBus";
        self.client.call_method(Some(bus), "/org/freedesktop/DBus", Some(bus), "AddMatch", &rule).await.unwrap();
        let mut signals = MessageStream::from(&self.client);
        self.session.activate();
        loop {
            let signal = next(&mut signals).await;
            if signal.header().member().is_some_and(|member| member == "NameOwnerChanged") {
                let (name, _, owner): (String, String, String) = signal.body().deserialize().unwrap();
                assert!(!owner.is_empty());
                self.name = name;
                return;
            }
        }
    }

    /// Microseconds that the bus says.
    async fn position(&self) -> i64 {
        let properties = "org.freedesktop.DBus.Properties";
        let reply = self
            .client
            .call_method(Some(self.name.as_str()), OBJECT, Some(properties), "Get", &(PLAYER, "Position"))
            .await
            .unwrap();
        let body = reply.body();
        let Variant::I64(micros) = body.deserialize().unwrap() else { panic!("not an int64") };
        micros
    }

    /// Everything that PropertiesChanged and Seeked will tell from now on.
    async fn signals(&self) -> MessageStream {
        let rule = format!("type='signal',sender='{}'", self.name);
        MessageStream::for_match_rule(rule.as_str(), &self.client, None).await.unwrap()
    }

    fn report(&self, elapsed: i64) {
        self.session.set_position(Position { elapsed, update: 0 }).unwrap();
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.session.close();
    }
}

/// What the bus answers to a request for a name (1: owner now) or its release.
async fn ask_bus(client: &Connection, method: &str, name: &str) -> u32 {
    let bus = "org.freedesktop.DBus";
    let call = client.call_method(Some(bus), "/org/freedesktop/DBus", Some(bus), method, &name);
    call.await.unwrap().body().deserialize().unwrap()
}

/// As [`ask_bus`] for RequestName, until the session has let go of the name.
async fn take_name(client: &Connection, name: &str) {
    let bus = "org.freedesktop.DBus";
    let do_not_queue = 4_u32;
    loop {
        let body = (name, do_not_queue);
        let call = client.call_method(Some(bus), "/org/freedesktop/DBus", Some(bus), "RequestName", &body);
        if call.await.unwrap().body().deserialize::<u32>().unwrap() == 1 {
            return;
        }
    }
}

/// Activates the session; the name under which it is then shown, unlike `not`.
async fn shown_as(scene: &Scene, not: &str) -> String {
    let mut signals = MessageStream::from(&scene.client);
    scene.session.activate();
    loop {
        let signal = next(&mut signals).await;
        if signal.header().member().is_some_and(|member| member == "NameOwnerChanged") {
            let (name, _, owner): (String, String, String) = signal.body().deserialize().unwrap();
            if !owner.is_empty() && name != not {
                return name;
            }
        }
    }
}

#[test]
fn can_seek_is_told_where_seek_and_set_position_work() {
    use CommandKind::{FastForward, Play, Rewind, Seek};
    zbus::block_on(async {
        for kinds in [&[Play][..], &[FastForward, Rewind], &[Seek], &[Seek, FastForward, Rewind]] {
            let Some(scene) = Scene::new(kinds, |_| ()).await else { return };
            let properties = "org.freedesktop.DBus.Properties";
            let name = Some(scene.name.as_str());
            let call = scene.client.call_method(name, OBJECT, Some(properties), "Get", &(PLAYER, "CanSeek"));
            let reply = call.await.unwrap();
            let body = reply.body();
            let Variant::Bool(can_seek) = body.deserialize().unwrap() else { panic!("not a boolean") };
            let track = zbus::ObjectPath::try_from("/org/ohos/avsession/track/61").unwrap();
            let place = (track, 1_000_000_i64);
            let call = scene.client.call_method(name, OBJECT, Some(PLAYER), "SetPosition", &place);
            assert_eq!(call.await.is_ok(), can_seek, "{kinds:?}");
            assert_eq!(can_seek, kinds.contains(&Seek), "{kinds:?}");
        }
    });
}

#[test]
fn a_name_that_another_pid_namespace_has_is_left_to_it_and_asked_for_again() {
    zbus::block_on(async {
        let Some(scene) = Scene::new(&[CommandKind::Play], |_| ()).await else { return };
        let taken = scene.name.clone();
        scene.session.deactivate();
        take_name(&scene.client, &taken).await;
        let other = shown_as(&scene, &taken).await;
        assert!(other.starts_with(&format!("{taken}_")), "{other}");
        assert_eq!(scene.bus.playerctl(&["-l"]).lines().count(), 2, "both are shown");

        // Nobody else takes such a name; should somebody, the session asks for it again when it is activated again.
        scene.session.deactivate();
        take_name(&scene.client, &other).await;
        let refused = Arc::new(Signal::new());
        let (raise, name) = (Arc::clone(&refused), other.clone());
        let sink = move |_, message: &str| {
            if message.contains("the bus refuses the name") && message.ends_with(&name) {
                raise.raise();
            }
            None
        };
        log::set_sink(Some(Arc::new(sink)), log::Level::Warn);
        scene.session.activate();
        assert!(scene.clock.wait(None, &refused));
        log::set_sink(None, log::Level::Off);
        assert_eq!(ask_bus(&scene.client, "ReleaseName", &other).await, 1);
        assert_eq!(shown_as(&scene, &taken).await, other);
    });
}

async fn next(stream: &mut MessageStream) -> Message {
    use futures_core::Stream;
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context)).await.unwrap().unwrap()
}

/// Positions that Seeked told because of what happened until now. `mark` is another one each time, up to 49.
async fn seeked_until(scene: &Scene, signals: &mut MessageStream, mark: i32) -> Vec<i64> {
    // Seeked comes behind the properties that changed with it, so only a second change is behind it for certain.
    let mut positions = volume_signals(scene, signals, mark).await;
    positions.extend(volume_signals(scene, signals, 50 + mark).await);
    positions
}

/// Positions that Seeked told, until the volume was told as `last` percent.
async fn volume_signals(scene: &Scene, signals: &mut MessageStream, last: i32) -> Vec<i64> {
    scene.session.set_volume(last).unwrap();
    let mut positions = Vec::new();
    loop {
        let signal = next(signals).await;
        if signal.header().member().is_some_and(|member| member == "Seeked") {
            positions.push(signal.body().deserialize().unwrap());
            continue;
        }
        let body = signal.body();
        let (_, changed, _): (&str, std::collections::HashMap<&str, Variant<'_>>, Vec<&str>) =
            body.deserialize().unwrap();
        if changed.get("Volume") == Some(&Variant::F64(f64::from(last) / 100.0)) {
            return positions;
        }
    }
}

#[test]
fn the_position_advances_with_the_rate() {
    zbus::block_on(async {
        let Some(scene) = Scene::new(&[CommandKind::Play], |_| {}).await else { return };
        scene.report(1_000);
        scene.clock.advance(5_000);
        assert_eq!(scene.position().await, 1_000_000, "nothing plays");
        scene.session.set_state(State::Playing);
        scene.clock.advance(2_500);
        assert_eq!(scene.position().await, 3_500_000);
        scene.session.set_speed(1.5).unwrap();
        scene.clock.advance(2_000);
        assert_eq!(scene.position().await, 6_500_000);
        scene.session.set_state(State::Buffering);
        scene.clock.advance(60_000);
        assert_eq!(scene.position().await, 6_500_000);
        assert_eq!(scene.bus.playerctl(&["status"]), "Playing");
        scene.session.set_state(State::Playing);
        scene.clock.advance(1_000);
        assert_eq!(scene.position().await, 8_000_000);
        scene.session.set_state(State::Paused);
        scene.clock.advance(1_000);
        assert_eq!(scene.position().await, 8_000_000);
        // While it plays, playerctl goes on by its own clock, which is not the one here.
        assert_eq!(scene.bus.playerctl(&["position"]), "8.000000");
        scene.session.set_state(State::Playing);
        scene.clock.advance(3_600_000);
        assert_eq!(scene.position().await, 60_000_000, "not beyond the end");
    });
}

#[test]
fn controllers_are_told_where_they_are_wrong() {
    zbus::block_on(async {
        let Some(scene) = Scene::new(&[CommandKind::Seek], |_| {}).await else { return };
        let mut signals = scene.signals().await;
        // They go on while it plays, and so does it.
        scene.session.set_state(State::Playing);
        scene.report(0);
        assert!(seeked_until(&scene, &mut signals, 1).await.is_empty());
        scene.clock.advance(10_000);
        scene.report(10_400);
        assert!(seeked_until(&scene, &mut signals, 2).await.is_empty(), "within the tolerance");
        scene.report(11_000);
        assert_eq!(seeked_until(&scene, &mut signals, 3).await, [11_000_000]);
        // They know the rate.
        scene.session.set_speed(2.0).unwrap();
        assert!(seeked_until(&scene, &mut signals, 4).await.is_empty());
        scene.clock.advance(10_000);
        scene.report(31_000);
        assert!(seeked_until(&scene, &mut signals, 5).await.is_empty());
        // They do not know that it waits for data.
        scene.session.set_state(State::Buffering);
        assert!(seeked_until(&scene, &mut signals, 6).await.is_empty());
        scene.clock.advance(5_000);
        scene.session.set_state(State::Playing);
        assert_eq!(seeked_until(&scene, &mut signals, 7).await, [31_000_000]);
        // The end is the end for both.
        scene.clock.advance(100_000);
        assert!(seeked_until(&scene, &mut signals, 8).await.is_empty());
        // What starts after a stop, starts at 0.
        scene.session.set_state(State::Stopped);
        scene.report(0);
        assert_eq!(seeked_until(&scene, &mut signals, 9).await, [0]);
        scene.session.set_state(State::Playing);
        assert!(seeked_until(&scene, &mut signals, 10).await.is_empty());
        // An answer to a controller comes even if nothing jumps.
        let to = Some(scene.name.as_str());
        scene.client.call_method(to, OBJECT, Some(PLAYER), "Seek", &1_000_000_i64).await.unwrap();
        assert!(seeked_until(&scene, &mut signals, 11).await.is_empty(), "not reported yet");
        scene.report(0);
        assert_eq!(seeked_until(&scene, &mut signals, 12).await, [0]);
        scene.report(0);
        assert!(seeked_until(&scene, &mut signals, 13).await.is_empty(), "answered once");
    });
}

#[test]
fn a_sleep_of_the_machine_is_no_progress() {
    zbus::block_on(async {
        let Some(scene) = Scene::new(&[CommandKind::Play], |_| {}).await else { return };
        let mut signals = scene.signals().await;
        scene.session.set_state(State::Playing);
        scene.report(1_000);
        assert_eq!(seeked_until(&scene, &mut signals, 3).await, [1_000_000]);
        scene.clock.advance(2_000);
        scene.clock.sleep(3_600_000);
        assert_eq!(scene.position().await, 3_000_000);
        scene.clock.advance(500);
        assert_eq!(scene.position().await, 3_500_000);
        // Controllers stand still with it, so that nobody is wrong.
        scene.report(3_500);
        assert!(seeked_until(&scene, &mut signals, 1).await.is_empty());
        // A report from before a sleep that arrives after it.
        let update = NOW + 3_602_500;
        scene.clock.sleep(60_000);
        scene.clock.advance(250);
        scene.session.set_position(Position { elapsed: 3_500, update }).unwrap();
        assert_eq!(scene.position().await, 3_750_000);
        assert!(seeked_until(&scene, &mut signals, 2).await.is_empty());
    });
}

#[test]
fn ten_thousand_calls_arrive_in_order() {
    const CALLS: i32 = 10_000;
    zbus::block_on(async {
        let (sender, receiver) = mpsc::channel();
        let forward = move |order: &Order| {
            let Order::SkipToQueueItem { item_id } = order else { panic!("{order:?}") };
            sender.send(*item_id).unwrap();
        };
        let Some(scene) = Scene::new(&[CommandKind::SkipToQueueItem], forward).await else { return };
        for number in 0..CALLS {
            let call = Message::method_call(OBJECT, "SkipToQueueItem")
                .destination(scene.name.as_str())
                .interface(EXTENSION)
                .with_flags(Flags::NO_REPLY_EXPECTED)
                .build(&number)
                .unwrap();
            scene.client.send(&call).await.unwrap();
        }
        for number in 0..CALLS {
            assert_eq!(receiver.recv().unwrap(), number);
        }
    });
}

#[test]
fn what_waits_for_callbacks_is_bounded_and_not_lost() {
    const TEXT: usize = 1 << 19;
    zbus::block_on(async {
        let (entered_sender, entered) = mpsc::channel();
        let (leave, leave_receiver) = mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(leave_receiver));
        let hold = move |order: &Order| {
            entered_sender.send(order.size()).unwrap();
            gate.lock().unwrap().recv().unwrap();
        };
        let Some(scene) = Scene::new(&[CommandKind::CommonCommand], hold).await else { return };
        // Dropped before the scene, which waits for callbacks: a failure does not hang.
        let leave = leave;
        let arguments = format!("{{\"text\":\"{}\"}}", "x".repeat(TEXT));
        let mut accepted = 0;
        let refusal = loop {
            let to = Some(scene.name.as_str());
            let body = ("flood", arguments.as_str());
            match scene.client.call_method(to, OBJECT, Some(EXTENSION), "CommonCommand", &body).await {
                Ok(_) => accepted += 1,
                Err(error) => break error,
            }
            assert!(accepted * TEXT < 2 * MAX_PENDING, "nothing is refused");
        };
        let zbus::Error::FDO(refusal) = refusal else { panic!("{refusal}") };
        assert!(matches!(*refusal, zbus::fdo::Error::LimitsExceeded(_)), "{refusal}");
        assert!(accepted >= MAX_PENDING / (TEXT + 1024) - 1, "{accepted} were accepted");
        for _ in 0..accepted {
            assert!(entered.recv().unwrap() > TEXT);
            leave.send(()).unwrap();
        }
        // Then there is room again, and nothing else had been left waiting.
        let order = Order::CommonCommand { command: "last".to_owned(), arguments: String::new() };
        let size = order.size();
        scene.session.send(order).unwrap();
        assert_eq!(entered.recv().unwrap(), size);
        leave.send(()).unwrap();
    });
}

#[test]
fn nothing_arrives_after_the_end() {
    const CALLS: i32 = 2_000;
    zbus::block_on(async {
        for round in 0..10 {
            let (sender, receiver) = mpsc::channel();
            let forward = move |order: &Order| sender.send(order.clone()).unwrap();
            let Some(scene) = Scene::new(&[CommandKind::SkipToQueueItem], forward).await else { return };
            for number in 0..CALLS {
                let call = Message::method_call(OBJECT, "SkipToQueueItem")
                    .destination(scene.name.as_str())
                    .interface(EXTENSION)
                    .with_flags(Flags::NO_REPLY_EXPECTED)
                    .build(&number)
                    .unwrap();
                scene.client.send(&call).await.unwrap();
                // In the middle of the flood, another place each time.
                if number == round * 200 {
                    receiver.recv().unwrap();
                    scene.session.close();
                    while receiver.try_recv().is_ok() {}
                }
            }
            // All that was sent has arrived, for the bus answers in order.
            let bus = "org.freedesktop.DBus";
            scene.client.call_method(Some(bus), "/org/freedesktop/DBus", Some(bus), "GetId", &()).await.unwrap();
            assert!(receiver.try_recv().is_err(), "round {round}");
        }
    });
}

#[test]
fn absurd_lengths_are_refused() {
    zbus::block_on(async {
        let (sender, receiver) = mpsc::channel();
        let forward = move |order: &Order| sender.send(order.kind()).unwrap();
        let kinds = [
            CommandKind::CommonCommand,
            CommandKind::ToggleFavorite,
            CommandKind::PlayFromAssetId,
            CommandKind::Answer,
        ];
        let Some(scene) = Scene::new(&kinds, forward).await else { return };
        let absurd = "x".repeat(10 << 20);
        let json = format!("{{\"text\":\"{absurd}\"}}");
        let to = Some(scene.name.as_str());
        for (method, is_pair) in
            [("CommonCommand", true), ("ToggleFavorite", false), ("PlayFromAssetId", false), ("SkipToQueueItem", false)]
        {
            let client = &scene.client;
            let answer = if is_pair {
                client.call_method(to, OBJECT, Some(EXTENSION), method, &("name", json.as_str())).await
            } else {
                client.call_method(to, OBJECT, Some(EXTENSION), method, &absurd.as_str()).await
            };
            let Err(zbus::Error::FDO(error)) = answer else { panic!("{method} succeeds") };
            assert!(matches!(*error, zbus::fdo::Error::InvalidArgs(_)), "{method}: {error}");
            // What a mistake says is no longer than need be.
            assert!(error.to_string().len() < 1_000, "{method}");
        }
        scene.client.call_method(to, OBJECT, Some(EXTENSION), "Answer", &()).await.unwrap();
        assert_eq!(receiver.recv(), Ok(CommandKind::Answer), "nothing else had arrived");
    });
}
