//! Reads a layer of Snappy in Hadoop's framing in memory.

use super::form::Form;
use super::snappy::raw;

/// The maximum number of bytes of text in a chunk.
const MAX_TEXT: usize = 1 << 20;

/// Returns the text of all blocks, or `None` if one is faulty.
pub fn blocks(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let mut left = length(&mut rest)?;
        if left > i32::MAX as usize {
            return None;
        }
        while left > 0 {
            let length = length(&mut rest)?;
            let (chunk, after) = rest.split_at_checked(length)?;
            let chunk = raw(chunk, MAX_TEXT)?;
            left = left.checked_sub(chunk.len())?;
            text.extend(chunk);
            rest = after;
        }
    }
    Some(text)
}

fn length(bytes: &mut &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(u32::from_be_bytes(*length) as usize)
}

/// Returns the form of a stream that could be in Hadoop's framing, or `None` if it is something else.
pub fn form(stream: &[u8]) -> Option<Form> {
    if *stream.first()? > 8 {
        return None;
    }
    let mut rest = stream;
    let Some(block) = length(&mut rest) else {
        return Some(Form::Refused);
    };
    if block == 0 {
        return rest.is_empty().then_some(Form::HadoopSnappy);
    }
    let Some(chunk) = length(&mut rest) else {
        return Some(Form::Refused);
    };
    if chunk == 0 || chunk >= 1 << 24 {
        return None;
    }
    // A number of seven bits per byte, of which the last has no highest bit.
    let digits = rest.iter().position(|byte| byte & 0x80 == 0);
    match digits {
        Some(last) if last < 5 => {
            let bytes = rest[..=last].iter().rev();
            let text = bytes.fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f));
            let is_text = text > 0 && text <= block as u64 && text <= u64::from(u32::MAX);
            let is_chunk = chunk as u64 <= 32 + text + text / 6;
            (is_text && is_chunk).then_some(Form::HadoopSnappy)
        }
        None if rest.len() < 5 => Some(Form::Refused),
        _ => None,
    }
}
