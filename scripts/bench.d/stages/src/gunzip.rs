//! Gunzip: an object to its text.

use std::error::Error;
use std::hint::black_box;
use std::io;

use flate2::bufread::{GzDecoder, MultiGzDecoder};
use rehose_extract::stages;

use crate::{Contender, copy};

/// The deflate stream of a gzip member, and the length of its text.
pub type Member<'a> = (&'a [u8], usize);

pub fn contenders<'a>(
    object: &'a [u8],
    members: &'a [Member<'_>],
    text: &'a [u8],
) -> Vec<Contender<'a>> {
    vec![
        (
            "rehose",
            Box::new(move || {
                stages::decode(object, &mut |bytes| {
                    black_box(bytes);
                })?;
                Ok(())
            }),
        ),
        (
            "flate2 (zlib-rs)",
            Box::new(move || {
                io::copy(&mut MultiGzDecoder::new(object), &mut io::sink())?;
                Ok(())
            }),
        ),
        (
            "miniz_oxide",
            Box::new(move || {
                for (deflated, _) in members {
                    let text = miniz_oxide::inflate::decompress_to_vec(deflated);
                    black_box(text.map_err(|error| error.to_string())?);
                }
                Ok(())
            }),
        ),
        (
            "libdeflate, told each length",
            Box::new(move || {
                let mut inflate = libdeflater::Decompressor::new();
                for (deflated, length) in members {
                    let mut out = vec![0; *length];
                    inflate.deflate_decompress(deflated, &mut out)?;
                    black_box(out);
                }
                Ok(())
            }),
        ),
        copy(text),
    ]
}

pub fn members(object: &[u8]) -> Result<Vec<Member<'_>>, Box<dyn Error>> {
    const HEADER: usize = 10;
    const TRAILER: usize = 8;
    let mut members = Vec::new();
    let mut rest = object;
    while !rest.trim_ascii_start().is_empty() {
        rest = rest.trim_ascii_start();
        let mut member = GzDecoder::new(rest);
        let length = io::copy(&mut member, &mut io::sink())? as usize;
        let after = member.into_inner();
        let end = rest.len() - after.len() - TRAILER;
        members.push((&rest[HEADER..end], length));
        rest = after;
    }
    Ok(members)
}
