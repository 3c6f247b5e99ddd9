//! Transcodes a file to CSV.gz: `cargo run -p rehose-extract --example transcode -- OBJECT OUT.csv.gz`.
//! If the name of the output ends in `.parquet`, it is a Parquet file.
//!
//! A format may follow. Rejected events go to `OUT.rejected.jsonl.gz`, which is empty if there are none. The
//! other options are the defaults: any dialect, and VPC flow logs of version 2.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter};

use rehose_extract::{Compression, FileKind, FormatName, Options, Transcoder};

/// Bytes to read at a time.
const CHUNK: usize = 256 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (object, output, format) = match &arguments[..] {
        [object, output] => (object, output, None),
        [object, output, format] => (object, output, Some(format)),
        _ => return Err("usage: transcode OBJECT OUT [FORMAT]".into()),
    };
    let format = match format {
        Some(name) => {
            let format = FormatName::ALL.iter().find(|format| format.name() == name);
            Some(*format.ok_or("there is no such format")?)
        }
        None => None,
    };
    let mut reader = BufReader::with_capacity(CHUNK, File::open(object)?);
    let rows = BufWriter::new(File::create(output)?);
    let rejected = BufWriter::new(File::create(format!("{output}.rejected.jsonl.gz"))?);

    let options = Options {
        format,
        to: output.ends_with(".parquet").then_some(FileKind::Parquet),
        ..Options::default()
    };
    let shape = options.compile()?;
    let compression = Compression::default();
    let mut transcoder = Transcoder::new(object, &shape, &compression, rows, rejected)?;
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        transcoder.push(chunk)?;
        let length = chunk.len();
        reader.consume(length);
    }
    let summary = transcoder.finish()?;
    println!("{summary:#?}");
    Ok(())
}
