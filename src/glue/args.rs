//! Arguments from C: checked slices, bounded strings, out-parameters.
//!
//! Every function here relies on the contract of the headers: a pointer that is not null and not misaligned points to
//! memory of the documented size which stays valid, and is not written by others, during the call.

use std::ffi::c_char;
use std::marker::PhantomData;
use std::ptr;

use crate::glue::enums::EnumValue;
use crate::glue::error::{Error, Result};

/// A pointer for a result. It is written only when the call succeeds.
pub struct Out<'a, T> {
    pointer: *mut T,
    call: PhantomData<&'a mut T>,
}

/// A pointer to a length: in, the room that there is; out, the bytes or entries used or needed.
pub struct InOut<'a, T> {
    out: Out<'a, T>,
    room: Option<usize>,
    /// What it counts, for messages.
    unit: &'static str,
}

impl<T> Clone for Out<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Out<'_, T> {}

impl<T> Clone for InOut<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for InOut<'_, T> {}

/// Integers that C uses for lengths.
pub trait Length: Copy + TryFrom<usize> + TryInto<usize> {}
impl Length for i32 {}
impl Length for u32 {}

fn check<T>(argument: &'static str, pointer: *const T) -> Result<()> {
    if pointer.is_null() {
        return Err(Error::invalid(argument, "null"));
    }
    if !pointer.is_aligned() {
        return Err(Error::invalid(argument, "misaligned"));
    }
    Ok(())
}

/// A pointer to read a value from; none if it is null or misaligned.
#[inline(always)]
pub fn valid<'a, T>(pointer: *const T) -> Option<&'a T> {
    if pointer.is_null() || !pointer.is_aligned() {
        return None;
    }
    // SAFETY: not null and aligned; the caller of the C function guarantees a valid T during the call.
    Some(unsafe { &*pointer })
}

/// A pointer to read a value from.
pub fn reference<'a, T>(argument: &'static str, pointer: *const T) -> Result<&'a T> {
    check(argument, pointer)?;
    valid(pointer).ok_or_else(|| Error::invalid(argument, "invalid"))
}

/// A value behind a pointer.
pub fn read<T: Copy>(argument: &'static str, pointer: *const T) -> Result<T> {
    reference(argument, pointer).copied()
}

/// A value behind a pointer, none if that is null.
pub fn optional<T: Copy>(argument: &'static str, pointer: *const T) -> Result<Option<T>> {
    if pointer.is_null() { Ok(None) } else { read(argument, pointer).map(Some) }
}

/// Several values behind a pointer; none if it is null or misaligned or they cannot fit into memory.
#[inline(always)]
pub fn valid_slice<'a, T>(pointer: *const T, count: usize) -> Option<&'a [T]> {
    let fits = count.checked_mul(size_of::<T>()).is_some_and(|bytes| isize::try_from(bytes).is_ok());
    if !fits || pointer.is_null() || !pointer.is_aligned() {
        return None;
    }
    // SAFETY: not null, aligned and of a possible size; the caller of the C function guarantees `count` values during
    // the call.
    Some(unsafe { std::slice::from_raw_parts(pointer, count) })
}

/// Several values behind a pointer, which must not be null.
pub fn slice<'a, T>(argument: &'static str, pointer: *const T, count: usize) -> Result<&'a [T]> {
    check(argument, pointer)?;
    valid_slice(pointer, count).ok_or_else(|| Error::invalid(argument, "longer than memory"))
}

/// At least one byte.
pub fn bytes<'a>(
    argument: &'static str,
    length_argument: &'static str,
    pointer: *const u8,
    length: usize,
) -> Result<&'a [u8]> {
    if length == 0 {
        return Err(Error::invalid(length_argument, "0"));
    }
    slice(argument, pointer, length)
}

/// A sample, to be changed in place; none if the pointer is null.
#[inline(always)]
pub fn valid_sample<'a>(pointer: *mut u8, length: u32) -> Option<&'a mut [u8]> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: not null; the caller of the C function guarantees `length` bytes during the call that nothing else
    // accesses.
    Some(unsafe { std::slice::from_raw_parts_mut(pointer, length as usize) })
}

/// A sample, to be changed in place; null stands for an empty one.
pub fn sample<'a>(argument: &'static str, pointer: *mut u8, length: u32) -> Result<&'a mut [u8]> {
    if length == 0 {
        return Ok(&mut []);
    }
    valid_sample(pointer, length).ok_or_else(|| Error::invalid(argument, "null"))
}

/// A fixed number of bytes, copied.
pub fn array<const N: usize>(argument: &'static str, pointer: *const u8) -> Result<[u8; N]> {
    read(argument, pointer.cast::<[u8; N]>())
}

/// A NUL-terminated UTF-8 string of 1 to `limit` - 1 bytes.
pub fn string(argument: &'static str, pointer: *const c_char, limit: usize) -> Result<String> {
    let text = string_or_empty(argument, pointer, limit)?;
    if text.is_empty() {
        return Err(Error::invalid(argument, "empty"));
    }
    Ok(text)
}

/// A NUL-terminated UTF-8 string of 0 to `limit` - 1 bytes.
pub fn string_or_empty(argument: &'static str, pointer: *const c_char, limit: usize) -> Result<String> {
    check(argument, pointer)?;
    // SAFETY: not null; the caller of the C function guarantees a string that ends with a NUL or has `limit` bytes.
    let length = unsafe { libc::strnlen(pointer, limit) };
    if length == limit {
        return Err(Error::invalid(argument, format!("no NUL within {limit} bytes")));
    }
    let text = std::str::from_utf8(slice(argument, pointer.cast(), length)?)
        .map_err(|error| Error::invalid(argument, format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    Ok(text.to_owned())
}

/// The string in a fixed array: it ends with a NUL and is not empty.
pub fn fixed_string(argument: &'static str, array: &[c_char]) -> Result<String> {
    string(argument, array.as_ptr(), array.len())
}

/// A length that has to lie in a range.
pub fn length(argument: &'static str, value: i32, least: usize, most: usize) -> Result<usize> {
    usize::try_from(value)
        .ok()
        .filter(|length| (least..=most).contains(length))
        .ok_or_else(|| Error::invalid(argument, format!("{value} is not in {least}..={most}")))
}

/// A member of a C enum, which `from_number` knows.
pub fn member<V: EnumValue, T>(
    argument: &'static str,
    value: V,
    from_number: impl FnOnce(u32) -> Option<T>,
) -> Result<T> {
    let number = value.number();
    from_number(number).ok_or_else(|| {
        let article = if V::NAME.starts_with('A') { "an" } else { "a" };
        Error::invalid(argument, format!("{number} is not {article} {}", V::NAME))
    })
}

/// A pointer for a result.
pub fn out<'a, T>(argument: &'static str, pointer: *mut T) -> Result<Out<'a, T>> {
    check(argument, pointer)?;
    Ok(Out { pointer, call: PhantomData })
}

/// A pointer to a length in bytes that is read now and written later.
pub fn in_out<'a, T: Length>(argument: &'static str, pointer: *mut T) -> Result<InOut<'a, T>> {
    in_out_count(argument, pointer, "bytes")
}

/// A pointer to a number of entries that is read now and written later; `unit` is what messages call them.
pub fn in_out_count<'a, T: Length>(
    argument: &'static str,
    pointer: *mut T,
    unit: &'static str,
) -> Result<InOut<'a, T>> {
    let room = read(argument, pointer.cast_const())?.try_into().ok();
    Ok(InOut { out: out(argument, pointer)?, room, unit })
}

/// Checks that there is any room at all.
pub fn room<T: Length>(argument: &'static str, length: InOut<'_, T>) -> Result<()> {
    match length.room {
        Some(1..) => Ok(()),
        _ => Err(Error::invalid(argument, "not positive")),
    }
}

/// How much room the caller has; none if it says something that is no length.
pub fn room_of<T: Length>(length: InOut<'_, T>) -> Option<usize> {
    length.room
}

/// Checks that there is room for `needed`; if not, tells the caller what is needed.
pub fn fits<T: Length>(argument: &'static str, length: InOut<'_, T>, needed: usize) -> Result<()> {
    let available = length.room.ok_or_else(|| Error::invalid(argument, "its length is negative"))?;
    if needed > available {
        length.store(needed)?;
        return Err(Error::BufferTooSmall { argument, needed, available, unit: length.unit });
    }
    Ok(())
}

/// As [`fits`], and tells the caller what is used.
pub fn needed<T: Length>(argument: &'static str, length: InOut<'_, T>, needed: usize) -> Result<()> {
    fits(argument, length, needed)?;
    length.store(needed)
}

/// Room for a text: the buffer and a pointer to its length.
pub struct TextOut<'a> {
    argument: &'static str,
    out: Out<'a, c_char>,
    length: InOut<'a, u32>,
}

/// Room for a text, both pointers checked.
pub fn text_out<'a>(
    argument: &'static str,
    pointer: *mut c_char,
    length_argument: &'static str,
    length: *mut u32,
) -> Result<TextOut<'a>> {
    let length = in_out(length_argument, length)?;
    room(length_argument, length)?;
    Ok(TextOut { argument, out: out(argument, pointer)?, length })
}

impl TextOut<'_> {
    /// Writes the text, a NUL and the number of bytes of both; only that number if they do not fit.
    pub fn write(self, text: &str) -> Result<()> {
        needed(self.argument, self.length, text.len() + 1)?;
        self.out.write_string(self.argument, text.len() + 1, text)
    }
}

impl<T: Length> InOut<'_, T> {
    /// Writes the length.
    pub fn store(self, length: usize) -> Result<()> {
        let length = T::try_from(length).map_err(|_| Error::Internal("a length does not fit its type".into()))?;
        self.out.write(length);
        Ok(())
    }
}

impl<T> Out<'_, T> {
    /// Writes the result.
    pub fn write(self, value: T) {
        // SAFETY: `out` checked the pointer; the caller of the C function guarantees room for a T during the call.
        unsafe { self.pointer.write(value) }
    }

    /// An element of an array of results, for which `needed` has checked the room.
    pub fn at(self, index: usize) -> Self {
        Self { pointer: self.pointer.wrapping_add(index), call: PhantomData }
    }
}

/// C structs of integers, for which all bits zero is a valid value.
///
/// # Safety
/// Only for such structs.
pub unsafe trait Plain {}

impl<T: Plain> Out<'_, T> {
    /// Zeroes the result, then lets `fill` write it where it is.
    pub fn write_with(self, fill: impl FnOnce(&mut T)) {
        // SAFETY: `out` checked the pointer; the caller of the C function guarantees room for a T that nothing else
        // accesses during the call; `Plain` guarantees that zero is a T.
        fill(unsafe {
            ptr::write_bytes(self.pointer, 0, 1);
            &mut *self.pointer
        });
    }
}

impl Out<'_, u8> {
    /// Writes bytes, for which `fits` has checked the room.
    pub fn write_slice(self, bytes: &[u8]) {
        // SAFETY: `fits` checked the length that the caller gave for its buffer; the caller guarantees that length, and
        // `bytes` is the library's own memory.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.pointer, bytes.len()) }
    }
}

/// Checks that a string and its NUL fit.
pub fn check_string(argument: &'static str, room: usize, text: &str) -> Result<()> {
    let needed = text.len() + 1;
    if needed > room {
        return Err(Error::BufferTooSmall { argument, needed, available: room, unit: "bytes" });
    }
    Ok(())
}

impl Out<'_, c_char> {
    /// Writes a string and a NUL, if they fit.
    pub fn write_string(self, argument: &'static str, room: usize, text: &str) -> Result<()> {
        check_string(argument, room, text)?;
        let bytes = Out { pointer: self.pointer.cast::<u8>(), call: PhantomData };
        bytes.write_slice(text.as_bytes());
        bytes.at(text.len()).write(0);
        Ok(())
    }
}
