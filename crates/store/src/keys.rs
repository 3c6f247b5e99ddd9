//! Decoding of keys.

use percent_encoding::percent_decode_str;

/// Decodes a key from a listing or a notification of S3: percent-encoded, with `+` for a space.
/// Returns `None` if the result is not UTF-8, which every key is
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>).
pub fn decode_key(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}
