//! White space.

/// Whether a byte is white space in JSON, and between the members of a gzip layer.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
