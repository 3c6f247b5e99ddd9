//! Transcodes a file to CSV.gz: `cargo run -p rehose-extract --example transcode -- OBJECT OUT.csv.gz`.
//!
//! Rejected events go to `OUT.csv.gz.rejected.jsonl.gz`, which is empty if there are none. The options
//! are the defaults: CloudWatch Logs envelopes of VPC flow logs of version 2.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter};

use rehose_extract::{Compression, Options, Transcoder};

/// Bytes to read at a time.
const CHUNK: usize = 256 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [object, output] = &arguments[..] else {
        return Err("usage: transcode OBJECT OUT.csv.gz".into());
    };
    let mut reader = BufReader::with_capacity(CHUNK, File::open(object)?);
    let csv = BufWriter::new(File::create(output)?);
    let rejected = BufWriter::new(File::create(format!("{output}.rejected.jsonl.gz"))?);

    let shape = Options::default().compile()?;
    let compression = Compression::default();
    let mut transcoder = Transcoder::new(object, &shape, &compression, csv, rejected)?;
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
