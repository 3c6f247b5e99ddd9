//! The encodings of documents as the bytes of an object. Each of them occurs in real stashes.

use std::io::{self, Write};

use flate2::GzBuilder;

use super::envelope::Document;
use super::gzip::{member, member_with_header};

/// Writes documents as an object.
pub(super) type Encoding = fn(&[Document], &mut dyn Write) -> io::Result<()>;

/// Every encoding with its name.
pub(super) const ALL: [(&str, Encoding); 17] = [
    ("gzip-members", gzip_members),
    ("gzip-members-cut-anywhere", |documents, out| {
        cut_anywhere(text(documents, "").as_bytes(), out)
    }),
    (
        "gzip-members-cut-anywhere-over-gzip-members",
        |documents, out| cut_anywhere(&members(documents, "")?, out),
    ),
    ("gzip-members-cut-inside-characters", |documents, out| {
        let bytes = text(documents, "").into_bytes();
        bytes
            .chunk_by(|_, next| !is_inside_character(*next))
            .try_for_each(|part| member(out, part))
    }),
    ("gzip-members-empty-one-first", |documents, out| {
        member(out, b"")?;
        gzip_members(documents, out)
    }),
    ("gzip-members-empty-one-between", |documents, out| {
        let (first, rest) = documents.split_at(documents.len() / 2);
        gzip_members(first, out)?;
        member(out, b"")?;
        gzip_members(rest, out)
    }),
    ("gzip-members-empty-one-last", |documents, out| {
        gzip_members(documents, out)?;
        member(out, b"")
    }),
    ("gzip-members-newline-between", |documents, out| {
        out.write_all(&members(documents, "\n")?)
    }),
    ("gzip-members-newline-last", |documents, out| {
        gzip_members(documents, out)?;
        out.write_all(b"\n")
    }),
    ("gzip-members-with-header-fields", |documents, out| {
        documents.iter().try_for_each(|document| {
            let header = GzBuilder::new()
                .filename("documents.json")
                .comment("one document")
                .extra("RH\u{4}\0data")
                .mtime(1_580_515_200);
            member_with_header(header, out, document.text.as_bytes())
        })
    }),
    ("gzip-members-zero-padding-last", |documents, out| {
        gzip_members(documents, out)?;
        out.write_all(&[0; 512])
    }),
    ("gzip-over-gzip-members", |documents, out| {
        member(out, &members(documents, "")?)
    }),
    (
        "gzip-over-gzip-members-newline-between",
        |documents, out| member(out, &members(documents, "\n")?),
    ),
    ("gzip-stream", gzip_stream),
    ("gzip-stream-newline-between-documents", |documents, out| {
        member(out, text(documents, "\n").as_bytes())
    }),
    ("json", json),
    ("json-newline-between-documents", |documents, out| {
        out.write_all(text(documents, "\n").as_bytes())
    }),
];

/// One member for each document, without separators. This is the usual encoding.
pub(super) fn gzip_members(documents: &[Document], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&members(documents, "")?)
}

/// One member with all documents. Without documents, an empty member.
pub(super) fn gzip_stream(documents: &[Document], out: &mut dyn Write) -> io::Result<()> {
    member(out, text(documents, "").as_bytes())
}

/// Not compressed. Without documents, zero bytes.
pub(super) fn json(documents: &[Document], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(text(documents, "").as_bytes())
}

fn members(documents: &[Document], separator: &str) -> io::Result<Vec<u8>> {
    let members: Vec<_> = documents
        .iter()
        .map(|document| {
            let mut bytes = Vec::new();
            member(&mut bytes, document.text.as_bytes()).map(|()| bytes)
        })
        .collect::<io::Result<_>>()?;
    Ok(members.join(separator.as_bytes()))
}

fn text(documents: &[Document], separator: &str) -> String {
    let texts: Vec<_> = documents
        .iter()
        .map(|document| document.text.as_str())
        .collect();
    texts.join(separator)
}

/// Members of a fixed length, which end at any position in a document.
fn cut_anywhere(content: &[u8], out: &mut dyn Write) -> io::Result<()> {
    // A prime, to cut records at many different positions.
    const LENGTH: usize = 97;
    content
        .chunks(LENGTH)
        .try_for_each(|part| member(out, part))
}

/// Whether a byte of UTF-8 continues a character.
fn is_inside_character(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}
