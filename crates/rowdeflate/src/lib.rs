//! A gzip encoder for rows of delimited text.
//!
//! The fields of a row resemble those of earlier rows. This encoder looks for matches only where
//! fields begin, and extends each match in both directions. It finds nearly all matches that a
//! general encoder finds, for a fraction of the search.
//!
//! The output is ordinary DEFLATE (RFC 1951, <https://www.rfc-editor.org/rfc/rfc1951>) in one gzip
//! member (RFC 1952, <https://www.rfc-editor.org/rfc/rfc1952>). Any bytes are valid input. Bytes that
//! are not rows compress worse than with other encoders, and grow by at most 16 bytes per 128 KiB.
//!
//! | module | task |
//! |---|---|
//! | [`Encoder`] | cuts the stream into blocks and frames the member |
//! | `fields` | finds where fields begin |
//! | `matcher` | finds matches, and makes tokens |
//! | `tokens` | literals, lengths and distances as symbols of RFC 1951 |
//! | `huffman` | prefix codes of limited length |
//! | `block` | writes the tokens of a block in the fewest bits |
//! | `bits` | writes bits |
//!
//! ```
//! let mut gz = Vec::new();
//! let mut encoder = rowdeflate::Encoder::new();
//! encoder.write(b"2020-02-01T00:00:00.000Z,10.0.1.41,443,ACCEPT\n", &mut gz);
//! encoder.write(b"2020-02-01T00:00:00.000Z,10.0.1.41,53,ACCEPT\n", &mut gz);
//! encoder.finish(&mut gz);
//! assert!(gz.starts_with(&[0x1f, 0x8b]));
//! ```
#![warn(missing_docs)]

mod bits;
mod block;
mod encoder;
mod fields;
mod huffman;
mod matcher;
mod tokens;

pub use encoder::Encoder;
