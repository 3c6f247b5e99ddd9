//! The hybrid of runs and packed bits, in which Parquet has levels and indexes
//! (<https://github.com/apache/parquet-format/blob/master/Encodings.md#RLE>).

/// Appends the header of packed values, which must follow, in whole groups of eight.
pub(crate) fn write_header_of_packed(values: usize, page: &mut Vec<u8>) {
    write_varint(values.div_ceil(8) << 1 | 1, page);
}

/// Appends a run of one value, which is given in as few bytes as its width in bits needs.
pub(crate) fn write_run(values: usize, value: &[u8], page: &mut Vec<u8>) {
    write_varint(values << 1, page);
    page.extend_from_slice(value);
}

/// Appends the width of indexes and the indexes themselves.
///
/// Each has 8 or 16 bits, even if fewer would do: the codec after it finds repeats of bytes, not of
/// bits.
pub(crate) fn write_indexes(indexes: &[u16], page: &mut Vec<u8>) {
    let most = indexes.iter().copied().max().unwrap_or_default();
    let is_narrow = u8::try_from(most).is_ok();
    page.push(if is_narrow { 8 } else { 16 });
    let [first, ..] = indexes else { return };
    if indexes.iter().all(|index| index == first) {
        let bytes = first.to_le_bytes();
        let width = if is_narrow { 1 } else { 2 };
        return write_run(indexes.len(), &bytes[..width], page);
    }
    write_header_of_packed(indexes.len(), page);
    let missing = indexes.len().next_multiple_of(8) - indexes.len();
    let padded = indexes
        .iter()
        .copied()
        .chain(std::iter::repeat_n(0, missing));
    match is_narrow {
        true => page.extend(padded.map(|index| index as u8)),
        false => page.extend(padded.flat_map(u16::to_le_bytes)),
    }
}

fn write_varint(mut value: usize, page: &mut Vec<u8>) {
    while value >= 0x80 {
        page.push(value as u8 | 0x80);
        value >>= 7;
    }
    page.push(value as u8);
}
