//! Gzip members.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};

/// Writes a gzip member. Its header has neither a time nor an operating system, to give the same bytes
/// on every machine.
pub(super) fn member(out: &mut (impl Write + ?Sized), content: &[u8]) -> io::Result<()> {
    member_with_header(GzBuilder::new(), out, content)
}

/// Writes a gzip member with fields in its header.
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
