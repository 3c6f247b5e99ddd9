//! Measures each stage beside libraries that do the same work: `cargo run --release -- OBJECT`, with an
//! object of `rehose sample`. Prints JSON: for each stage the seconds of each contender.
//!
//! In each round every contender processes the same bytes once. The result is the median of the CPU
//! time of the thread.

mod arrow;
mod fields;
mod gunzip;
mod gzip;
mod parquet;
mod rows;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;
use rehose_extract::{FileKind, Options, stages};
use serde_json::json;

const ROUNDS: usize = 15;

type Done = Result<(), Box<dyn Error>>;

/// The name of a contender and its way to do a stage.
type Contender<'a> = (&'static str, Box<dyn Fn() -> Done + 'a>);

fn main() -> Done {
    let Some(path) = std::env::args().nth(1) else {
        return Err("usage: rehose-stages OBJECT".into());
    };
    let object = fs::read(path)?;
    let mut text = Vec::new();
    stages::decode(&object, &mut |bytes| text.extend_from_slice(bytes))?;
    let shape = Options::default().compile()?;
    let events = stages::events(&text, &shape)?;
    let mut rows = Vec::new();
    stages::extract(&text, &shape, &mut rows)?;
    let mut options = Options::default();
    options.to = Some(FileKind::Parquet);
    let columns = options.compile()?;

    let members = gunzip::members(&object)?;
    let found = BTreeMap::from([
        (
            "decode",
            medians(&gunzip::contenders(&object, &members, &text))?,
        ),
        (
            "extract",
            medians(&rows::contenders(&text, &shape, rows.len()))?,
        ),
        ("split", medians(&fields::contenders(&events, &shape))?),
        ("encode", medians(&gzip::contenders(&rows))?),
        (
            "columns",
            medians(&parquet::contenders(&events, &columns)?)?,
        ),
    ]);
    println!("{}", json!(found));
    Ok(())
}

fn medians(contenders: &[Contender<'_>]) -> Result<BTreeMap<&'static str, f64>, Box<dyn Error>> {
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

/// What no stage that touches each byte can be faster than.
fn copy(bytes: &[u8]) -> Contender<'_> {
    (
        "memcpy",
        Box::new(|| {
            black_box(bytes.to_vec());
            Ok(())
        }),
    )
}
