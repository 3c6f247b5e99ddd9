//! Measures each stage beside libraries that do the same work:
//! `cargo bench -p rehose-extract --features stages -- OBJECT [--json]`. `rehose sample` writes such
//! objects.
//!
//! In each round every contender processes the same bytes once. The result is the median of the CPU
//! time of the thread.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::time::Duration;

use cpu_time::ThreadTime;
use libdeflater::{CompressionLvl, Compressor};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec;
use rehose_extract::{Error, Options, stages};
use serde_json::{Value, json};

const ROUNDS: usize = 15;

/// Bytes in a gzip member of libdeflate, and in a write to zlib-rs.
const BLOCK: usize = 512 * 1024;

/// The name of a contender and its way to do a stage.
type Contender<'a> = (&'static str, Box<dyn Fn() -> Result<(), Error> + 'a>);

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let Some(path) = arguments.next() else {
        eprintln!("usage: cargo bench -p rehose-extract --features stages -- OBJECT [--json]");
        return Ok(());
    };
    let mut object = Vec::new();
    io::copy(&mut File::open(path)?, &mut object)?;
    let mut text = Vec::new();
    stages::decode(&object, &mut |bytes| text.extend_from_slice(bytes))?;
    let shape = Options::default().compile().map_err(io::Error::other)?;
    let mut rows = Vec::new();
    stages::extract(&text, &shape, &mut rows)?;

    let bodies = bodies(&object)?;
    let decode: Vec<Contender<'_>> = vec![
        (
            "rehose",
            Box::new(|| {
                stages::decode(&object, &mut |bytes| {
                    black_box(bytes);
                })
            }),
        ),
        (
            "flate2 (zlib-rs)",
            Box::new(|| {
                let mut members = flate2::bufread::MultiGzDecoder::new(&*object);
                Ok(io::copy(&mut members, &mut io::sink()).map(drop)?)
            }),
        ),
        (
            "miniz_oxide",
            Box::new(|| {
                for (body, _) in &bodies {
                    black_box(
                        decompress_to_vec(body)
                            .map_err(|error| io::Error::other(error.to_string()))?,
                    );
                }
                Ok(())
            }),
        ),
        (
            "libdeflate, told each length",
            Box::new(|| {
                let mut inflate = libdeflater::Decompressor::new();
                for (body, length) in &bodies {
                    let mut out = vec![0; *length];
                    (inflate.deflate_decompress(body, &mut out)).map_err(io::Error::other)?;
                    black_box(out);
                }
                Ok(())
            }),
        ),
        ("memcpy", Box::new(|| copy(&text))),
    ];
    let extract: Vec<Contender<'_>> = vec![
        (
            "rehose",
            Box::new(|| {
                let mut out = Vec::with_capacity(rows.len());
                stages::extract(&text, &shape, &mut out)?;
                black_box(out);
                Ok(())
            }),
        ),
        (
            "serde_json to values, no rows",
            Box::new(|| {
                for document in serde_json::Deserializer::from_slice(&text).into_iter::<Value>() {
                    black_box(document.map_err(io::Error::other)?);
                }
                Ok(())
            }),
        ),
        ("memcpy", Box::new(|| copy(&text))),
    ];
    let encode: Vec<Contender<'_>> = vec![
        (
            "rehose",
            Box::new(|| {
                let mut out = Vec::new();
                stages::encode(&rows, &mut out)?;
                black_box(out);
                Ok(())
            }),
        ),
        ("libdeflate 5", Box::new(|| libdeflate(&rows, 5))),
        ("libdeflate 1", Box::new(|| libdeflate(&rows, 1))),
        (
            "flate2 (zlib-rs) 6",
            Box::new(|| {
                let mut out =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
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
                black_box(compress_to_vec(&rows, 6));
                Ok(())
            }),
        ),
        ("memcpy", Box::new(|| copy(&rows))),
    ];
    let as_json = arguments.any(|argument| argument == "--json");
    let mut found = serde_json::Map::new();
    for (stage, contenders) in [("decode", decode), ("extract", extract), ("encode", encode)] {
        let seconds = medians(&contenders)?;
        found.insert(stage.to_owned(), json!(seconds));
        for (name, seconds) in seconds.iter().filter(|_| !as_json) {
            println!("{stage}: {name}: {:.1} ms", seconds * 1e3);
        }
    }
    if as_json {
        println!("{}", Value::Object(found));
    }
    Ok(())
}

fn medians(
    contenders: &[Contender<'_>],
) -> Result<std::collections::BTreeMap<&'static str, f64>, Error> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for ((_, run), times) in contenders.iter().zip(&mut times) {
            let begin = ThreadTime::now();
            run()?;
            times.push(begin.elapsed());
        }
    }
    let medians = times.into_iter().map(|mut times| {
        times.sort();
        times[ROUNDS / 2].as_secs_f64()
    });
    Ok(contenders
        .iter()
        .map(|(name, _)| *name)
        .zip(medians)
        .collect())
}

fn copy(bytes: &[u8]) -> Result<(), Error> {
    black_box(bytes.to_vec());
    Ok(())
}

fn libdeflate(rows: &[u8], level: i32) -> Result<(), Error> {
    let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap_or_default());
    for block in rows.chunks(BLOCK) {
        let mut out = vec![0; compressor.gzip_compress_bound(block.len())];
        let length = compressor.gzip_compress(block, &mut out);
        black_box(length.map_err(io::Error::other)?);
    }
    Ok(())
}

/// Returns the deflate stream of each gzip member, with the length of its text.
fn bodies(object: &[u8]) -> Result<Vec<(&[u8], usize)>, Error> {
    const HEADER: usize = 10;
    const TRAILER: usize = 8;
    let mut bodies = Vec::new();
    let mut rest = object;
    while !rest.trim_ascii_start().is_empty() {
        rest = rest.trim_ascii_start();
        #[allow(clippy::disallowed_types, reason = "reads one member on purpose")]
        let mut member = flate2::bufread::GzDecoder::new(rest);
        let length = io::copy(&mut member, &mut io::sink())? as usize;
        let after = member.into_inner();
        let end = rest.len() - after.len() - TRAILER;
        bodies.push((&rest[HEADER..end], length));
        rest = after;
    }
    Ok(bodies)
}
