//! SM4 (GB/T 32907) for processors that have AES's S-box in an instruction, but not SM4's: the maps around that instruction.
//!
//! Both S-boxes are an inversion in a field of 256 elements between affine maps, in different representations of the field:
//!
//! - SM4: `S(x) = A inv(A x + 0xd3) + 0xd3` in GF(2)\[t\] / (t^8 + t^7 + t^6 + t^5 + t^4 + t^2 + 1);
//! - AES (FIPS 197 section 5.1.1): `R(y) = M inv(y) + 0x63` in GF(2)\[t\] / (t^8 + t^4 + t^3 + t + 1).
//!
//! With an isomorphism F from the first representation to the second, `S(x) = A F' M' (R(F A x + F 0xd3) + 0x63) + 0xd3`, where `'`
//! is an inverse. A map of bytes that is affine is two tables of 16 bytes, one for each half of a byte, which a byte
//! shuffle looks up.
//!
//! Two things make a round cheaper than these maps around the instruction would be:
//!
//! - SM4's linear map `L(t) = t + t<<<2 + t<<<10 + t<<<18 + t<<<24` moves bits between bytes by rotations by two bits only. With
//!   `u` as the upper six and `v` as the lower two bits that such a rotation makes of a byte, `L(t) = P + Q<<<8 + Q<<<16 + (P + Q)<<<24`,
//!   where `P = t + u` and `Q = u + v` are maps of single bytes. So they can be taken together with the map after the S-box.
//! - Nothing is left then but sums and moves of whole bytes, which do not care about a change of basis: the four words of a
//!   block are kept as `F A x`, so that there is no map before the S-box. The constant is added to the round keys.
//!
//! On ARM, AES's MixColumns, which is an instruction of its own there, does most of the linear map. With `w` for a rotation of the word by a byte,
//! MixColumns is `2 + 3w + w^2 + w^3` in AES's field, and `w L = (P + Q) + P w + Q w^2 + Q w^3`. So `w L = MixColumns(Q) + D + D w`, where
//! `D = P + Q + 2 Q`.
//!
//! A word's bytes are in memory order, the most significant one first; words are not swapped.

/// An affine map of bytes: `f(x) = low[x % 16] + high[x / 16]`.
#[derive(Clone, Copy)]
pub(super) struct ByteMap {
    pub(super) low: [u8; 16],
    pub(super) high: [u8; 16],
}

/// A byte of a block to the basis that rounds work in.
pub(super) const INTO_BASIS: ByteMap = ByteMap::new(&BASIS);

/// A byte out of that basis.
pub(super) const OUT_OF_BASIS: ByteMap = ByteMap::new(&inverse(&BASIS));

/// A byte of a round key to what is added in that basis: what comes out goes into AES's S-box.
pub(super) const KEY_INTO_BASIS: ByteMap = ByteMap::new(&plus(&BASIS, ISOMORPHISM[SM4_CONSTANT as usize]));

/// A byte that comes out of AES's S-box to `P`, in the basis.
#[cfg(any(target_arch = "x86_64", test))]
pub(super) const P: ByteMap = ByteMap::new(&after(&BASIS, &after(&sum(&IDENTITY, &UPPER), &AFTER_AES)));

/// A byte that comes out of AES's S-box to `Q`, in the basis.
pub(super) const Q: ByteMap = ByteMap::new(&after(&BASIS, &after(&sum(&UPPER, &LOWER), &AFTER_AES)));

/// A byte that comes out of AES's S-box to `D`, in the basis.
#[cfg(any(target_arch = "aarch64", test))]
pub(super) const D: ByteMap = {
    let [p, q] = [after(&sum(&IDENTITY, &UPPER), &AFTER_AES), after(&sum(&UPPER, &LOWER), &AFTER_AES)];
    let [p, q] = [after(&BASIS, &p), after(&BASIS, &q)];
    ByteMap::new(&sum(&sum(&p, &q), &after(&TWICE, &q)))
};

/// A byte that comes out of AES's S-box to what SM4's gives, not in the basis: for the key schedule.
pub(super) const SUBSTITUTED: ByteMap = ByteMap::new(&AFTER_AES);

/// Byte shuffles that undo AES's ShiftRows and rotate the four words to the left by 0, 8, 16 and 24 bits: byte i of the outcome is
/// byte `UNSHIFTED[..][i]` of what it is made from.
pub(super) const UNSHIFTED: [[u8; 16]; 4] = [unshifted(0), unshifted(1), unshifted(2), unshifted(3)];

const fn unshifted(bytes: usize) -> [u8; 16] {
    let mut order = [0; 16];
    let mut i = 0;
    while i < 16 {
        // The first byte is the most significant one, so a rotation to the left takes from further behind. ShiftRows takes the
        // byte of row r in column c from column c + r (FIPS 197 section 5.1.2); words are columns.
        let (column, row) = (i / 4, (i % 4 + bytes) % 4);
        order[i] = (row + 4 * ((column + 4 - row) % 4)) as u8;
        i += 1;
    }
    order
}

/// A map of bytes, value by value.
type Values = [u8; 256];

const SM4_FIELD: u16 = 0x1f5;
const SM4_CONSTANT: u8 = 0xd3;
/// The first column of A; the others are its rotations.
const SM4_COLUMN: u8 = 0xcb;

const AES_FIELD: u16 = 0x11b;
const AES_CONSTANT: u8 = 0x63;
/// The first column of M; the others are its rotations.
const AES_COLUMN: u8 = 0x1f;

const IDENTITY: Values = linear([1, 2, 4, 8, 16, 32, 64, 128]);
/// What a rotation of the word by two bits leaves in a byte, and what it moves to the next one.
const UPPER: Values = linear([4, 8, 16, 32, 64, 128, 0, 0]);
const LOWER: Values = linear([0, 0, 0, 0, 0, 0, 1, 2]);

/// The product with 2 in AES's field.
#[cfg(any(target_arch = "aarch64", test))]
const TWICE: Values = {
    let mut values = [0; 256];
    let mut x = 0;
    while x < 256 {
        values[x] = product(x as u8, 2, AES_FIELD);
        x += 1;
    }
    values
};

const A: Values = circulant(SM4_COLUMN);
const M: Values = circulant(AES_COLUMN);
const ISOMORPHISM: Values = isomorphism();
const BASIS: Values = after(&ISOMORPHISM, &A);
const AFTER_AES: Values = {
    let inverted = after(&inverse(&M), &plus(&IDENTITY, AES_CONSTANT));
    plus(&after(&A, &after(&inverse(&ISOMORPHISM), &inverted)), SM4_CONSTANT)
};

impl ByteMap {
    const fn new(values: &Values) -> Self {
        let [mut low, mut high] = [[0; 16]; 2];
        let mut i = 0;
        while i < 16 {
            low[i] = values[i];
            high[i] = values[16 * i] ^ values[0];
            i += 1;
        }
        Self { low, high }
    }
}

/// The linear map with these columns: the images of the bits, the least significant one first.
const fn linear(columns: [u8; 8]) -> Values {
    let mut values = [0; 256];
    let mut x = 0;
    while x < 256 {
        let mut bit = 0;
        while bit < 8 {
            if x >> bit & 1 == 1 {
                values[x] ^= columns[bit];
            }
            bit += 1;
        }
        x += 1;
    }
    values
}

const fn circulant(column: u8) -> Values {
    let mut columns = [column; 8];
    let mut bit = 0;
    while bit < 8 {
        columns[bit] = column.rotate_left(bit as u32);
        bit += 1;
    }
    linear(columns)
}

/// `outer` after `inner`.
const fn after(outer: &Values, inner: &Values) -> Values {
    let mut values = [0; 256];
    let mut x = 0;
    while x < 256 {
        values[x] = outer[inner[x] as usize];
        x += 1;
    }
    values
}

const fn sum(left: &Values, right: &Values) -> Values {
    let mut values = [0; 256];
    let mut x = 0;
    while x < 256 {
        values[x] = left[x] ^ right[x];
        x += 1;
    }
    values
}

const fn plus(map: &Values, constant: u8) -> Values {
    sum(map, &[constant; 256])
}

/// The inverse of a map that has one.
const fn inverse(map: &Values) -> Values {
    let mut values = [0; 256];
    let mut x = 0;
    while x < 256 {
        values[map[x] as usize] = x as u8;
        x += 1;
    }
    values
}

/// The product in a field of 256 elements.
const fn product(left: u8, right: u8, field: u16) -> u8 {
    let mut product = 0;
    let mut bit = 8;
    while bit > 0 {
        bit -= 1;
        product <<= 1;
        if product & 0x100 != 0 {
            product ^= field;
        }
        if right >> bit & 1 == 1 {
            product ^= left as u16;
        }
    }
    product as u8
}

/// SM4's field to AES's: `t` goes to a root of the polynomial of SM4's field.
const fn isomorphism() -> Values {
    let mut root = 2;
    loop {
        let (mut columns, mut power, mut value) = ([0; 8], 1, 0);
        let mut bit = 0;
        while bit <= 8 {
            if bit < 8 {
                columns[bit] = power;
            }
            if SM4_FIELD >> bit & 1 == 1 {
                value ^= power;
            }
            power = product(power, root, AES_FIELD);
            bit += 1;
        }
        if value == 0 {
            return linear(columns);
        }
        root += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The S-box of GB/T 32907 section 6.2.
    const S_BOX: &str = "\
        d690e9fecce13db716b614c228fb2c05 2b679a762abe04c3aa44132649860699 \
        9c4250f491ef987a33540b43edcfac62 e4b31ca9c908e89580df94fa758f3fa6 \
        4707a7fcf37317ba83593c19e6854fa8 686b81b27164da8bf8eb0f4b70569d35 \
        1e240e5e6358d1a225227c3b01217887 d40046579fd327524c3602e7a0c4c89e \
        eabf8ad240c738b5a3f7f2cef96115a1 e0ae5da49b341a55ad933230f58cb1e3 \
        1df6e22e8266ca60c02923ab0d534e6f d5db3745defd8e2f03ff6a726d6c5b51 \
        8d1baf92bbddbc7f11d95c411f105ad8 0ac13188a5cd7bbd2d74d012b8e5b4b0 \
        8969974a0c96777e65b9f109c56ec684 18f07dec3adc4d2079ee5f3ed7cb3948";

    /// FIPS 197 section 5.1.1, from its words: the inverse, then bit i plus bits i + 4 to i + 7 plus bit i of 0x63.
    fn aes_s_box(y: u8) -> u8 {
        let inverse = (0..=255).find(|&other| product(y, other, AES_FIELD) == 1).unwrap_or(0);
        let bit = |i: u32| inverse >> (i % 8) & 1;
        (0..8).fold(0, |out, i| out | (bit(i) ^ bit(i + 4) ^ bit(i + 5) ^ bit(i + 6) ^ bit(i + 7)) << i) ^ 0x63
    }

    fn sm4_s_box(x: u8) -> u8 {
        let table = hex::decode(S_BOX.replace(' ', "")).unwrap();
        assert_eq!(table.len(), 256);
        table[usize::from(x)]
    }

    fn mapped(map: &ByteMap, x: u8) -> u8 {
        map.low[usize::from(x % 16)] ^ map.high[usize::from(x / 16)]
    }

    #[test]
    fn aes_s_box_is_that_of_the_standard() {
        // FIPS 197 table 4: corners, and the example of its text.
        let known = [(0x00, 0x63), (0x01, 0x7c), (0x53, 0xed), (0x0f, 0x76), (0xf0, 0x8c), (0xff, 0x16)];
        for (y, expected) in known {
            assert_eq!(aes_s_box(y), expected, "{y:02x}");
        }
    }

    #[test]
    fn maps_around_the_aes_s_box_are_the_sm4_s_box() {
        for x in 0..=255 {
            assert_eq!(mapped(&SUBSTITUTED, aes_s_box(mapped(&KEY_INTO_BASIS, x))), sm4_s_box(x), "{x:02x}");
        }
    }

    #[test]
    fn the_basis_is_left_as_it_is_entered() {
        for x in 0..=255 {
            assert_eq!(mapped(&OUT_OF_BASIS, mapped(&INTO_BASIS, x)), x);
            for key in [0, 1, 0x5a, 0xff] {
                let in_basis = mapped(&INTO_BASIS, x) ^ mapped(&KEY_INTO_BASIS, key);
                assert_eq!(in_basis, mapped(&KEY_INTO_BASIS, x ^ key));
            }
        }
    }

    /// L(S(x)) of GB/T 32907 section 7.1.2 for every byte in every place of a word.
    #[test]
    fn p_and_q_make_the_linear_map() {
        for (x, place) in (0..=255).flat_map(|x| [(x, 0), (x, 1), (x, 2), (x, 3)]) {
            let mut input = [0x5a; 4];
            input[place] = x;
            let t = u32::from_be_bytes(input.map(sm4_s_box));
            let expected = t ^ t.rotate_left(2) ^ t.rotate_left(10) ^ t.rotate_left(18) ^ t.rotate_left(24);
            let aes = input.map(|x| aes_s_box(mapped(&KEY_INTO_BASIS, x)));
            let [p, q] = [&P, &Q].map(|map| u32::from_be_bytes(aes.map(|y| mapped(map, y))));
            let sum = p ^ q.rotate_left(8) ^ q.rotate_left(16) ^ (p ^ q).rotate_left(24);
            assert_eq!(u32::from_be_bytes(sum.to_be_bytes().map(|y| mapped(&OUT_OF_BASIS, y))), expected);
        }
    }

    /// The same sum by MixColumns (FIPS 197 section 5.1.3) on the word that is rotated by three bytes.
    #[test]
    fn q_and_d_make_the_linear_map_with_mix_columns() {
        for y in (0..=255u8).map(|y| [y, y.wrapping_mul(7), !y, y ^ 0x5a]) {
            let [p, q] = [&P, &Q].map(|map| u32::from_be_bytes(y.map(|y| mapped(map, y))));
            let expected = p ^ q.rotate_left(8) ^ q.rotate_left(16) ^ (p ^ q).rotate_left(24);
            let rotated = [y[3], y[0], y[1], y[2]];
            let [q, d] = [&Q, &D].map(|map| rotated.map(|y| mapped(map, y)));
            let outcome: [u8; 4] = core::array::from_fn(|i| {
                let at = |column: [u8; 4], distance: usize| column[(i + distance) % 4];
                let mixed = product(at(q, 0), 2, AES_FIELD) ^ product(at(q, 1), 3, AES_FIELD) ^ at(q, 2) ^ at(q, 3);
                mixed ^ at(d, 0) ^ at(d, 1)
            });
            assert_eq!(u32::from_be_bytes(outcome), expected, "{y:02x?}");
        }
    }

    /// FIPS 197 figure 8 in numbers: row r of the state is moved to the left by r columns.
    #[test]
    fn shuffles_undo_shift_rows_and_rotate() {
        let words: [u32; 4] = [0x0001_0203, 0x0405_0607, 0x0809_0a0b, 0x0c0d_0e0f];
        let bytes = words.map(u32::to_be_bytes).concat();
        let shifted: Vec<u8> = (0..16).map(|i| bytes[(i + 4 * (i % 4)) % 16]).collect();
        for (count, order) in UNSHIFTED.iter().enumerate() {
            let rotated = words.map(|word| word.rotate_left(8 * u32::try_from(count).unwrap()).to_be_bytes()).concat();
            let outcome: Vec<u8> = order.iter().map(|&from| shifted[usize::from(from)]).collect();
            assert_eq!(outcome, rotated);
        }
    }
}
