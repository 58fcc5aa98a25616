//! The portable level: the block ciphers of the `aes` and `sm4` crates, which choose their own instructions (AES on
//! aarch64 among them), in passes over many blocks at a time.
//!
//! The crates' own CTR and CBC layers move whole batches by value and know neither pattern nor byte-granular counters;
//! here, blocks are collected from wherever they lie, go through the cipher together, and are put back.

use aes::cipher::{Array, Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser, consts::U16};

use super::CIPHER_STACK;
use super::ranges::{Ranges, whole_blocks};
use crate::job::{BLOCK, Job, Mode, Stripes};
use base::secret::burn_stack;

/// Blocks that go through the cipher together: as many as the widest backend of the crates takes at once.
const BATCH: usize = 64;

/// What the two crates' ciphers have in common.
pub(super) trait Cipher: BlockSizeUser<BlockSize = U16> + BlockCipherEncrypt + BlockCipherDecrypt {}

impl<T: BlockSizeUser<BlockSize = U16> + BlockCipherEncrypt + BlockCipherDecrypt> Cipher for T {}

/// Decrypts a sample's protected ranges. With C's convention, for the reason that `entry` gives.
#[inline(never)]
#[allow(improper_ctypes_definitions, reason = "C does not call it")]
pub(super) extern "C" fn decrypt<C: Cipher>(cipher: &C, job: &Job<'_>, data: &mut [u8]) {
    decrypt_unwiped(cipher, job, data);
    // The crates keep expanded round keys on the stack while they work.
    burn_stack::<CIPHER_STACK>();
}

/// As [`decrypt`], and leaves to the caller to wipe the stack.
// Its frame, and those of all that is inlined into it, must be gone when the stack is burnt.
#[inline(never)]
pub(super) fn decrypt_unwiped<C: Cipher>(cipher: &C, job: &Job<'_>, data: &mut [u8]) {
    let ranges = Ranges::all(data, job.subsamples);
    let (iv, stripes) = (job.iv.block(), Stripes::new(job.pattern));
    match job.mode {
        Mode::Ctr => ctr(cipher, iv, ranges),
        Mode::CtrBlocks => ctr(cipher, iv, ranges.map(whole_blocks)),
        Mode::CtrStripes => ctr_stripes(cipher, iv, stripes, ranges),
        Mode::CbcChained => cbc(cipher, iv, EVERY_BLOCK, true, ranges),
        Mode::Cbc => cbc(cipher, iv, EVERY_BLOCK, false, ranges),
        Mode::CbcStripes => cbc(cipher, iv, stripes, false, ranges),
    }
}

/// One stripe that never ends.
const EVERY_BLOCK: Stripes = Stripes { crypt: usize::MAX, stride: usize::MAX };

/// A counter block: the low 64 bits count blocks and wrap by themselves.
struct Counter {
    high: [u8; 8],
    low: u64,
}

impl Counter {
    fn new(iv: [u8; BLOCK]) -> Self {
        let [mut high, mut low] = [[0; 8]; 2];
        high.copy_from_slice(&iv[..8]);
        low.copy_from_slice(&iv[8..]);
        Self { high, low: u64::from_be_bytes(low) }
    }

    /// Fills `stream` with the key stream of the next blocks.
    fn key_stream<C: Cipher>(&mut self, cipher: &C, stream: &mut [Block<C>]) {
        for block in &mut *stream {
            block[..8].copy_from_slice(&self.high);
            block[8..].copy_from_slice(&self.low.to_be_bytes());
            self.low = self.low.wrapping_add(1);
        }
        cipher.encrypt_blocks(stream);
    }
}

fn xor(data: &mut [u8], with: &[u8]) {
    for (byte, other) in data.iter_mut().zip(with) {
        *byte ^= other;
    }
}

/// Counter mode, byte by byte, running on from range to range.
fn ctr<'d, C: Cipher>(cipher: &C, iv: [u8; BLOCK], ranges: impl Iterator<Item = &'d mut [u8]>) {
    let mut stream = [Block::<C>::default(); BATCH];
    let mut counter = Counter::new(iv);
    // The last bytes of a block's key stream that the range before has left over.
    let mut spare = [0; BLOCK];
    let mut left = 0;
    for range in ranges {
        let (head, body) = range.split_at_mut(left.min(range.len()));
        xor(head, &spare[BLOCK - left..]);
        left -= head.len();
        for piece in body.chunks_mut(BATCH * BLOCK) {
            let blocks = &mut stream[..piece.len().div_ceil(BLOCK)];
            counter.key_stream(cipher, blocks);
            let bytes = Array::cast_slice_to_core(blocks).as_flattened();
            xor(piece, bytes);
            left = bytes.len() - piece.len();
            spare.copy_from_slice(&bytes[bytes.len() - BLOCK..]);
        }
    }
}

/// Counter mode over the blocks of a pattern.
fn ctr_stripes<'d, C: Cipher>(
    cipher: &C,
    iv: [u8; BLOCK],
    stripes: Stripes,
    ranges: impl Iterator<Item = &'d mut [u8]>,
) {
    let mut stream = [Block::<C>::default(); BATCH];
    let mut counter = Counter::new(iv);
    for range in ranges {
        let mut places = Places::new(stripes, range.len());
        while let batch @ [_, ..] = places.next_batch() {
            let stream = &mut stream[..batch.len()];
            counter.key_stream(cipher, stream);
            for (&place, block) in batch.iter().zip(stream) {
                xor(&mut range[place..place + BLOCK], block);
            }
        }
    }
}

/// CBC over the blocks of a pattern, `chained` through all ranges or starting each at the IV.
fn cbc<'d, C: Cipher>(
    cipher: &C,
    iv: [u8; BLOCK],
    stripes: Stripes,
    chained: bool,
    ranges: impl Iterator<Item = &'d mut [u8]>,
) {
    let mut encrypted = [Block::<C>::default(); BATCH];
    let mut clear = [Block::<C>::default(); BATCH];
    let mut previous = Array(iv);
    for range in ranges {
        if !chained {
            previous = Array(iv);
        }
        let mut places = Places::new(stripes, range.len());
        while let batch @ [_, ..] = places.next_batch() {
            let (encrypted, clear) = (&mut encrypted[..batch.len()], &mut clear[..batch.len()]);
            for (&place, block) in batch.iter().zip(&mut *encrypted) {
                block.copy_from_slice(&range[place..place + BLOCK]);
            }
            cipher.decrypt_blocks_b2b(encrypted, clear).expect("as many blocks on either side");
            for ((&place, block), encrypted) in batch.iter().zip(clear).zip(encrypted) {
                xor(block, &previous);
                range[place..place + BLOCK].copy_from_slice(block);
                previous = *encrypted;
            }
        }
    }
}

/// Where the encrypted blocks of a range are, a batch at a time.
struct Places {
    stripes: Stripes,
    length: usize,
    /// Start of the present stripe, and offset of the next block.
    stripe: usize,
    next: usize,
    batch: [usize; BATCH],
}

impl Places {
    fn new(stripes: Stripes, length: usize) -> Self {
        Self { stripes, length, stripe: 0, next: 0, batch: [0; BATCH] }
    }

    /// Offsets of the next encrypted blocks, all of them inside the range; empty when there are no more.
    fn next_batch(&mut self) -> &[usize] {
        let mut count = 0;
        while count < BATCH {
            if self.next - self.stripe >= self.stripes.crypt {
                self.stripe = self.stripe.saturating_add(self.stripes.stride);
                self.next = self.stripe;
            }
            if self.length < BLOCK || self.next > self.length - BLOCK {
                break;
            }
            self.batch[count] = self.next;
            self.next += BLOCK;
            count += 1;
        }
        &self.batch[..count]
    }
}
