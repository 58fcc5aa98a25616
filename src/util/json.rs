//! Where JSON text is wrong.

/// The offset in `text` at which reading it failed: serde_json tells the line (from 1) and the column (bytes, from 1; 0 =
/// before the line's first byte).
pub fn byte_offset(text: &[u8], fault: &serde_json::Error) -> usize {
    let lines_before = text.split_inclusive(|&byte| byte == b'\n').take(fault.line().saturating_sub(1));
    let line_start: usize = lines_before.map(<[u8]>::len).sum();
    (line_start + fault.column().saturating_sub(1)).min(text.len())
}
