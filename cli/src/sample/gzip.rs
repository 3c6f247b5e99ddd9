//! Bytes as gzip.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};

/// Writes `content` to `out` as one gzip member. Its header has no time and no
/// operating system, so that the same content gives the same bytes everywhere.
pub(super) fn member(out: &mut (impl Write + ?Sized), content: &[u8]) -> io::Result<()> {
    member_with_header(GzBuilder::new(), out, content)
}

/// [`member`], with what a header may hold besides.
pub(super) fn member_with_header(
    header: GzBuilder,
    out: &mut (impl Write + ?Sized),
    content: &[u8],
) -> io::Result<()> {
    let mut member = header.write(out, Compression::default());
    member.write_all(content)?;
    member.finish()?;
    Ok(())
}
