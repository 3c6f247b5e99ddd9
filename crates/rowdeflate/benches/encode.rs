//! Measures this encoder beside libraries: `cargo bench -p rowdeflate [-- FILE...]`. Without files,
//! it uses the texts of the tests.
//!
//! In each round every encoder encodes every text once. The result is the median of the CPU time of
//! the thread.

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use cpu_time::ThreadTime;
use libdeflater::{CompressionLvl, Compressor};
use rehose_testkit::texts;

const ROUNDS: usize = 15;
const BYTES: usize = 20_000_000;
/// Bytes in a write.
const WRITE: usize = 512 * 1024;

type Encode = fn(&[u8]) -> io::Result<Vec<u8>>;

const ENCODERS: [(&str, Encode); 4] = [
    ("rowdeflate", rowdeflate),
    ("libdeflate 5", libdeflate::<5>),
    ("libdeflate 1", libdeflate::<1>),
    ("zlib-rs 6", zlib_rs),
];

fn main() -> io::Result<()> {
    println!("| text | encoder | time ÷ libdeflate 5 | ms | size ÷ zlib 6 | bytes |");
    println!("|---|---|---:|---:|---:|---:|");
    let files: Vec<String> = (std::env::args().skip(1))
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    for file in &files {
        let mut text = Vec::new();
        io::copy(&mut File::open(file)?, &mut text)?;
        let name = file.rsplit('/').next().unwrap_or(file);
        measure(name, &text)?;
    }
    if files.is_empty() {
        measure("rows", &texts::rows(BYTES, 1))?;
        measure("rows, new addresses", &texts::addresses(BYTES, 1))?;
        measure("requests", &texts::requests(BYTES, 1))?;
        measure("letters", &texts::letters(BYTES, 1))?;
        measure("noise", &texts::noise(BYTES, 1))?;
    }
    Ok(())
}

fn measure(name: &str, text: &[u8]) -> io::Result<()> {
    let mut times = ENCODERS.map(|_| Vec::new());
    let mut sizes = ENCODERS.map(|_| 0);
    for _ in 0..ROUNDS {
        for (index, (_, encode)) in ENCODERS.iter().enumerate() {
            let begin = ThreadTime::now();
            sizes[index] = encode(text)?.len();
            times[index].push(begin.elapsed());
        }
    }
    let medians = times.map(|mut times| {
        times.sort();
        times.get(ROUNDS / 2).map_or(0.0, Duration::as_secs_f64)
    });
    for (index, (encoder, _)) in ENCODERS.iter().enumerate() {
        let (time, size) = (medians[index], sizes[index]);
        println!(
            "| {name} | {encoder} | {:.2} | {:.1} | {:.3} | {size} |",
            time / medians[1],
            time * 1e3,
            size as f64 / sizes[3] as f64,
        );
    }
    Ok(())
}

fn rowdeflate(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = rowdeflate::Encoder::new();
    for text in text.chunks(WRITE) {
        encoder.write(text, &mut out);
    }
    encoder.finish(&mut out);
    Ok(out)
}

/// Makes a member of each write, because libdeflate has no streaming.
fn libdeflate<const LEVEL: i32>(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = Compressor::new(CompressionLvl::new(LEVEL).unwrap_or_default());
    let mut out = Vec::new();
    for text in text.chunks(WRITE) {
        let end = out.len();
        out.resize(end + compressor.gzip_compress_bound(text.len()), 0);
        let length = compressor
            .gzip_compress(text, &mut out[end..])
            .map_err(|error| io::Error::other(error.to_string()))?;
        out.truncate(end + length);
    }
    Ok(out)
}

fn zlib_rs(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    for text in text.chunks(WRITE) {
        encoder.write_all(text)?;
    }
    encoder.finish()
}
