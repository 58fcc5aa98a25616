//! Files read at any place, and as their bytes come: the same as when they are read as a whole.

mod support;

use std::io::{Error as IoError, ErrorKind};

use cenc::Scheme;
use media::mp4::{Stream, View};
use media::{Decryptor, Encrypted, Error, Input, Keys, Options, StreamInput, WithKeys, decrypt};
use support::{KEY_IDS, Place, SIMPLE, Shape, mp4, shapes};

/// A file in memory that can be read at any place, and fails as often as it is told.
struct Memory<'a> {
    bytes: &'a [u8],
    fails: u32,
}

impl Input for Memory<'_> {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, IoError> {
        panic!("only places are read");
    }

    fn skip(&mut self, _: u64) -> Result<(), IoError> {
        panic!("only places are read");
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<(), IoError> {
        if self.fails > 0 {
            self.fails -= 1;
            return Err(ErrorKind::Interrupted.into());
        }
        let from = usize::try_from(offset).unwrap();
        into.copy_from_slice(
            self.bytes.get(from..).and_then(|rest| rest.get(..into.len())).ok_or(ErrorKind::UnexpectedEof)?,
        );
        Ok(())
    }

    fn length(&self) -> Option<u64> {
        Some(self.bytes.len() as u64)
    }
}

/// Decrypts with keys, and refuses as often as it is told.
struct Refusing<'a> {
    keys: WithKeys<'a>,
    refuses: u32,
    init_data: Vec<u8>,
}

impl Decryptor for Refusing<'_> {
    fn init_data(&mut self, boxes: &[u8], _: bool, _: u64) {
        self.init_data.extend(boxes);
    }

    fn decrypt(&mut self, sample: &Encrypted<'_>, data: &mut [u8]) -> Result<(), Error> {
        if self.refuses > 0 {
            self.refuses -= 1;
            let Encrypted { track, number: sample, offset, .. } = *sample;
            return Err(Error::Refused { track, sample, offset, reason: "not now".to_owned() });
        }
        self.keys.decrypt(sample, data)
    }
}

fn keys() -> Keys {
    let mut keys = Keys::default();
    for id in KEY_IDS {
        keys.add(id, &id).unwrap();
    }
    keys
}

/// Xorshift: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// Every shape, and longer ones: places are remembered every 512 samples.
fn files() -> impl Iterator<Item = (String, Vec<u8>, Vec<u8>)> {
    let long = [Place::Senc, Place::Saio].into_iter().flat_map(|place| {
        [true, false].map(|fragmented| {
            let shape = Shape { fragmented, place, samples: 2000, rotation: true, scheme: Scheme::Cbcs, ..SIMPLE };
            (format!("2000 samples, {place:?}, fragmented: {fragmented}"), shape)
        })
    });
    shapes().into_iter().chain(long).map(|(name, shape)| {
        let (file, _) = mp4(&shape);
        let mut clear = Vec::new();
        let keys = keys();
        match decrypt(&mut StreamInput::new(&file[..]), &mut clear, &keys, &Options::default(), &mut |_| {}) {
            Ok(_) => {}
            Err(Error::NeedsFile(_)) => clear = Vec::new(),
            Err(other) => panic!("{name}: {other}"),
        }
        (name, file, clear)
    })
}

fn read(
    view: &mut View,
    input: &mut Memory<'_>,
    decryptor: &mut Refusing<'_>,
    from: usize,
    to: usize,
) -> Result<Vec<u8>, Error> {
    let mut data = input.bytes[from..to].to_vec();
    view.clear(input, from as u64, &mut data, decryptor)?;
    Ok(data)
}

#[test]
fn any_range_of_any_shape() {
    let keys = keys();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (name, file, clear) in files() {
        // Whole at once, where a pipe cannot give it.
        let input = &mut Memory { bytes: &file, fails: 0 };
        let decryptor = &mut Refusing { keys: WithKeys::new(&keys), refuses: 0, init_data: Vec::new() };
        let whole =
            read(&mut View::new(), input, decryptor, 0, file.len()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(clear.is_empty() || whole == clear, "{name}");
        assert!(decryptor.init_data.is_empty() || &decryptor.init_data[4..8] == b"pssh", "{name}");
        let mut view = View::new();
        for round in 0..300 {
            let from = random.below(file.len());
            let to = from + random.below((file.len() - from).min(if round % 2 == 0 { 100 } else { 5000 })) + 1;
            // Interrupted now and then: what follows does not depend on it.
            (input.fails, decryptor.refuses) =
                if round % 5 == 0 { (random.below(3) as u32, random.below(3) as u32) } else { (0, 0) };
            match read(&mut view, input, decryptor, from, to) {
                Ok(data) => assert!(data == whole[from..to], "{name}: bytes {from} to {to}, round {round}"),
                Err(Error::Read { .. } | Error::Refused { .. }) if round % 5 == 0 => {}
                Err(fault) => panic!("{name}: bytes {from} to {to}, round {round}: {fault}"),
            }
        }
    }
}

fn pull(stream: &mut Stream, decryptor: &mut Refusing<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    while let Some(clear) = stream.pull(decryptor)? {
        out.extend(clear);
    }
    Ok(())
}

#[test]
fn bytes_as_they_come() {
    let keys = keys();
    let mut random = Random(0xd1b5_4a32_d192_ed03);
    let mut streamed = 0;
    for (name, file, clear) in files() {
        let decryptor = &mut Refusing { keys: WithKeys::new(&keys), refuses: 0, init_data: Vec::new() };
        for most in [1, 50, 4096, file.len()] {
            let (mut stream, mut out, mut at) = (Stream::new(), Vec::new(), 0);
            let done = loop {
                let bytes = (1 + random.below(most)).min(file.len() - at);
                stream.push(&file[at..at + bytes]);
                at += bytes;
                if let Err(fault) = pull(&mut stream, decryptor, &mut out) {
                    break Err(fault);
                }
                if at == file.len() {
                    break Ok(());
                }
            };
            match done {
                Ok(()) => {
                    while let Some(rest) = stream.finish(decryptor).unwrap() {
                        out.extend(rest);
                    }
                    assert!(out == clear, "{name} in pieces of up to {most} bytes");
                    streamed += 1;
                }
                Err(Error::NeedsFile(reason)) => assert!(clear.is_empty(), "{name}: {reason}"),
                Err(fault) => panic!("{name}: {fault}"),
            }
        }
        if clear.is_empty() {
            continue;
        }
        // Once all is known, from the start of any sample, or of a fragment.
        let mut stream = Stream::new();
        stream.push(&file);
        pull(&mut stream, decryptor, &mut Vec::new()).unwrap();
        let places: Vec<usize> = match file.windows(4).position(|window| window == b"moof") {
            Some(moof) => vec![moof - 4, 0],
            None => {
                let data = file.windows(4).position(|window| window == b"mdat").unwrap() + 4;
                vec![file.len(), data, 0]
            }
        };
        for place in places {
            let mut out = Vec::new();
            let sought = stream.seek(place as u64);
            if matches!(sought, Err(Error::NeedsFile(_))) {
                continue;
            }
            sought.unwrap();
            stream.push(&file[place..]);
            match pull(&mut stream, decryptor, &mut out) {
                Ok(()) => assert!(out == clear[place..], "{name} from {place}"),
                // IVs that are elsewhere do not come again.
                Err(Error::NeedsFile(_)) => {}
                Err(fault) => panic!("{name} from {place}: {fault}"),
            }
        }
    }
    assert!(streamed > 40, "{streamed}");
}

/// What is cut plays up to there, and encrypted bytes never come out.
#[test]
fn files_cut_anywhere() {
    let keys = keys();
    for (name, file, clear) in files().filter(|(_, file, clear)| file.len() < 3000 && !clear.is_empty()) {
        for end in 0..file.len() {
            let decryptor = &mut Refusing { keys: WithKeys::new(&keys), refuses: 0, init_data: Vec::new() };
            let (mut stream, mut out) = (Stream::new(), Vec::new());
            stream.push(&file[..end]);
            pull(&mut stream, decryptor, &mut out).unwrap_or_else(|fault| panic!("{name} cut at {end}: {fault}"));
            while let Ok(Some(more)) = stream.finish(decryptor) {
                out.extend(more);
            }
            assert!(clear.starts_with(&out), "{name} cut at {end}");
            let mut data = file[..end].to_vec();
            let input = &mut Memory { bytes: &file[..end], fails: 0 };
            if View::new().clear(input, 0, &mut data, decryptor).is_ok() {
                let same = data.iter().zip(&clear).filter(|(one, other)| one != other && **one != 0).count();
                assert_eq!(same, 0, "{name} cut at {end}");
            }
        }
    }
}

/// Data that its table places outside of the fragment would not be found when it is read: it is refused.
#[test]
fn data_outside_of_its_fragment() {
    let keys = keys();
    let (mut file, _) = mp4(&SIMPLE);
    let fragment = file[file.windows(4).position(|window| window == b"moof").unwrap() - 4..].to_vec();
    let run = file.windows(4).position(|window| window == b"trun").unwrap();
    file[run + 12..run + 16].copy_from_slice(&(fragment.len() as u32 + 8).to_be_bytes());
    file.extend(fragment);
    let decryptor = &mut Refusing { keys: WithKeys::new(&keys), refuses: 0, init_data: Vec::new() };
    let input = &mut Memory { bytes: &file, fails: 0 };
    let mut data = file.clone();
    let fault = View::new().clear(input, 0, &mut data, decryptor).unwrap_err();
    assert!(fault.to_string().contains("not in the data of its fragment"), "{fault}");
}
