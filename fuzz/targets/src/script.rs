//! Reads an input as instructions.

/// An input that is read from its beginning. Past its end it goes on with zeros.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    /// Starts at the beginning.
    pub fn new(input: &'a [u8]) -> Self {
        Self { rest: input }
    }

    /// Whether everything was read.
    pub fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let taken = self.take(N);
        bytes[..taken.len()].copy_from_slice(taken);
        bytes
    }

    /// A big-endian number.
    pub fn half(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    /// A big-endian number.
    pub fn word(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    /// A big-endian number.
    pub fn long(&mut self) -> u64 {
        u64::from_be_bytes(self.array())
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::from(self.half()) % limit.max(1)
    }

    /// One of several.
    pub fn one_of<T: Copy>(&mut self, choice: &[T]) -> T {
        choice[usize::from(self.byte()) % choice.len()]
    }

    /// A number of any size that favours the edges.
    pub fn number(&mut self) -> u64 {
        match self.byte() {
            kind @ 0..=63 => u64::from(kind % 64),
            64..=95 => u64::from(self.byte()),
            96..=127 => u64::from(self.half()),
            128..=159 => u64::from(self.word()),
            160..=191 => self.long(),
            kind => {
                const EDGES: [u64; 16] = [
                    0,
                    1,
                    0x7f,
                    0xff,
                    0x7fff,
                    0xffff,
                    0x7fff_ffff,
                    0x8000_0000,
                    0xffff_ffff,
                    1 << 32,
                    i64::MAX as u64,
                    i64::MIN as u64,
                    u64::MAX,
                    1_767_225_600_000,
                    1_767_225_600,
                    253_402_300_800,
                ];
                EDGES[usize::from(kind) % EDGES.len()].wrapping_add(u64::from(kind / 64)).wrapping_sub(3)
            }
        }
    }

    /// The next bytes, at most `length`.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }
}
