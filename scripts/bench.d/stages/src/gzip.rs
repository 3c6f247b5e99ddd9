//! Gzip: rows to a file.

use std::hint::black_box;
use std::io::Write;

use flate2::write::GzEncoder;
use libdeflater::{CompressionLvl, Compressor};
use rehose_extract::stages;

use crate::{Contender, Done, copy};

/// Bytes in a gzip member of libdeflate, and in a write to zlib-rs.
const BLOCK: usize = 512 * 1024;

pub fn contenders(rows: &[u8]) -> Vec<Contender<'_>> {
    vec![
        (
            "rehose",
            Box::new(|| {
                let mut out = Vec::new();
                stages::encode(rows, &mut out)?;
                black_box(out);
                Ok(())
            }),
        ),
        ("libdeflate 5", Box::new(|| libdeflate(rows, 5))),
        ("libdeflate 1", Box::new(|| libdeflate(rows, 1))),
        (
            "flate2 (zlib-rs) 6",
            Box::new(|| {
                let mut out = GzEncoder::new(Vec::new(), flate2::Compression::new(6));
                for block in rows.chunks(BLOCK) {
                    out.write_all(block)?;
                }
                black_box(out.finish()?);
                Ok(())
            }),
        ),
        (
            "miniz_oxide 6",
            Box::new(|| {
                black_box(miniz_oxide::deflate::compress_to_vec(rows, 6));
                Ok(())
            }),
        ),
        copy(rows),
    ]
}

fn libdeflate(rows: &[u8], level: i32) -> Done {
    let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap_or_default());
    for block in rows.chunks(BLOCK) {
        let mut out = vec![0; compressor.gzip_compress_bound(block.len())];
        compressor.gzip_compress(block, &mut out)?;
        black_box(out);
    }
    Ok(())
}
