//! A gzip encoder for rows of delimited text.
//!
//! Rows resemble earlier rows, field by field. So this encoder looks for matches only where fields
//! begin, and extends what it finds to both sides: nearly all that a general encoder finds, for a
//! fraction of the search. What it writes is ordinary DEFLATE
//! (RFC 1951, <https://www.rfc-editor.org/rfc/rfc1951>) in one gzip member
//! (RFC 1952, <https://www.rfc-editor.org/rfc/rfc1952>). Any bytes are valid input; those that are
//! no rows compress worse than elsewhere, and never to more than they are but for 16 bytes in
//! 128 KiB.
//!
//! ```
//! let mut gz = Vec::new();
//! let mut encoder = rowdeflate::Encoder::new();
//! encoder.write(b"2020-02-01T00:00:00.000Z,10.0.1.41,443,ACCEPT\n", &mut gz);
//! encoder.write(b"2020-02-01T00:00:00.000Z,10.0.1.41,53,ACCEPT\n", &mut gz);
//! encoder.finish(&mut gz);
//! assert!(gz.starts_with(&[0x1f, 0x8b]));
//! ```

mod bits;
mod block;
mod encoder;
mod fields;
mod huffman;
mod matcher;
mod tokens;

pub use encoder::Encoder;
