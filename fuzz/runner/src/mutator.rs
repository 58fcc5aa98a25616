//! Makes inputs of other inputs: flips bits, splices, inserts magic numbers and words, edits lengths.

use crate::random::Random;

/// Numbers that parsers trip over.
const MAGIC: [u64; 24] = [
    0,
    1,
    2,
    7,
    8,
    15,
    16,
    17,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff0,
    0xffff_ffff,
    0x1_0000_0000,
    i64::MAX as u64,
    i64::MIN as u64,
    u64::MAX,
];

/// A deterministic source of inputs.
pub struct Mutator {
    random: Random,
    words: &'static [&'static str],
    max_len: usize,
}

impl Mutator {
    /// Inputs of at most `max_len` bytes.
    pub fn new(seed: u64, words: &'static [&'static str], max_len: usize) -> Self {
        Self { random: Random::new(seed), words, max_len }
    }

    /// Puts the next input into `input`.
    pub fn next(&mut self, corpus: &[Vec<u8>], input: &mut Vec<u8>) {
        input.clear();
        input.extend_from_slice(&corpus[self.random.below(corpus.len())]);
        if self.random.one_in(200) {
            // Something of its own.
            input.clear();
            let length = self.random.below(300);
            input.extend((0..length).map(|_| self.random.next() as u8));
        }
        let steps = match self.random.below(8) {
            0..=3 => 1,
            4 | 5 => 2,
            6 => 3 + self.random.below(4),
            _ => 1 + self.random.below(24),
        };
        for _ in 0..steps {
            self.step(corpus, input);
        }
        input.truncate(self.max_len);
    }

    fn step(&mut self, corpus: &[Vec<u8>], input: &mut Vec<u8>) {
        let length = input.len();
        if length == 0 {
            let bytes = self.random.next().to_le_bytes();
            input.extend_from_slice(&bytes[..=self.random.below(8)]);
            return;
        }
        let at = self.random.below(length);
        match self.random.below(16) {
            0 | 1 => input[at] ^= 1 << self.random.below(8),
            2 => input[at] = self.random.next() as u8,
            3 => input[at] = input[at].wrapping_add([1, 0xff, 16, 0xf0][self.random.below(4)]),
            4 => {
                let count = self.short(length - at);
                input.drain(at..at + count);
            }
            5 => {
                let count = 1 + self.short(length - at - 1);
                let copy = input[at..at + count].to_vec();
                let to = self.random.below(length + 1);
                insert(input, to, &copy);
            }
            6 => {
                let bytes = self.random.next().to_le_bytes();
                let count = 1 + self.random.below(8);
                insert(input, at, &bytes[..count]);
            }
            7 => self.magic(input, at),
            8 | 9 => self.length_field(input, at),
            10 => self.splice(corpus, input, at),
            11 if !self.words.is_empty() => {
                let word = self.words[self.random.below(self.words.len())].as_bytes();
                if self.random.one_in(3) { overwrite(input, at, word) } else { insert(input, at, word) }
            }
            12 => input.truncate(at),
            13 => self.digits(input, at),
            14 => {
                // Two ranges change places.
                let other = self.random.below(length);
                let count = (1 + self.random.below(16)).min(length - at.max(other));
                for index in 0..count {
                    input.swap(at + index, other + index);
                }
            }
            _ => {
                let count = (1 + self.short(length)).min(length - at);
                let byte = [0, 0xff, b' ', b'A', input[at]][self.random.below(5)];
                input[at..at + count].fill(byte);
            }
        }
    }

    /// Usually small, at most `limit`.
    fn short(&mut self, limit: usize) -> usize {
        let most = if self.random.one_in(4) { limit } else { limit.min(16) };
        self.random.below(most + 1)
    }

    fn magic(&mut self, input: &mut Vec<u8>, at: usize) {
        let width = [1, 2, 4, 4, 8][self.random.below(5)];
        let number = MAGIC[self.random.below(MAGIC.len())];
        let bytes = if self.random.one_in(4) { number.to_le_bytes() } else { number.to_be_bytes() };
        let bytes = if self.random.one_in(4) { &bytes[..width] } else { &bytes[8 - width..] };
        if self.random.one_in(3) { insert(input, at, bytes) } else { overwrite(input, at, bytes) }
    }

    /// Takes the number that stands somewhere for a length and makes it another one, or one that fits.
    fn length_field(&mut self, input: &mut [u8], at: usize) {
        let length = input.len();
        // Lengths tend to be where numbers are small and bytes before them zero.
        let at = (at..length).take(64).find(|&at| input[at] == 0).unwrap_or(at);
        let Some(field) = input.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()) else { return };
        let old = u32::from_be_bytes(*field);
        let rest = (length - at) as u32;
        let new = match self.random.below(10) {
            0 => old.wrapping_add(1),
            1 => old.wrapping_sub(1),
            2 => old.wrapping_add(16),
            3 => old.wrapping_sub(16),
            4 => rest,
            5 => rest.wrapping_add(1),
            6 => rest.saturating_sub(4),
            7 => length as u32,
            8 => old.wrapping_mul(2),
            _ => (self.random.next() % 64) as u32,
        };
        *field = new.to_be_bytes();
    }

    fn splice(&mut self, corpus: &[Vec<u8>], input: &mut Vec<u8>, at: usize) {
        let other = &corpus[self.random.below(corpus.len())];
        if other.is_empty() {
            return;
        }
        let from = self.random.below(other.len());
        let count = 1 + self.short(other.len() - from - 1);
        if self.random.one_in(3) {
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        } else {
            insert(input, at, &other[from..from + count]);
        }
    }

    /// Changes a decimal number.
    fn digits(&mut self, input: &mut Vec<u8>, at: usize) {
        let Some(start) = (at..input.len()).find(|&at| input[at].is_ascii_digit()) else { return };
        let end = (start..input.len()).find(|&at| !input[at].is_ascii_digit()).unwrap_or(input.len());
        let number = MAGIC[self.random.below(MAGIC.len())];
        let text = match self.random.below(6) {
            0 => format!("-{number}"),
            1 => format!("{number}.0"),
            2 => format!("{number}e1"),
            3 => format!("0{number}"),
            _ => number.to_string(),
        };
        input.splice(start..end, text.bytes());
    }
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    input.splice(at..at, bytes.iter().copied());
}

fn overwrite(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = (at + bytes.len()).min(input.len());
    input.splice(at..end, bytes.iter().copied());
}
