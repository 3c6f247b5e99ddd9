//! A realistic stash to try things on: `rehose sample DIR`.
//!
//! What CloudWatch Logs and Firehose leave in a bucket, at any size, and the
//! same bytes for the same [`Sample`] on every machine: all chance comes from
//! the seed, nothing from the clock, and nothing is computed in floating point.

mod dialects;
mod encodings;
mod envelope;
mod flows;
mod gzip;
mod spellings;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use fastrand::Rng;
use jiff::Timestamp;

use flows::Network;

/// 2020-02-01T00:00:00Z, in seconds: when the first object arrives.
const FIRST_ARRIVAL: i64 = 1_580_515_200;

/// Seconds between two objects: the longest that Firehose buffers, so that a
/// handful of objects already spreads over more than one hour's folder.
const BUFFER_SECONDS: u32 = 900;

/// How few and how many events CloudWatch Logs puts into a document of a busy
/// log group.
const DOCUMENT_EVENTS: (u32, u32) = (50, 300);

/// One document in so many is a control document.
const CONTROL_EVERY: u32 = 20;

/// What to write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// The number of ordinary objects.
    pub(crate) objects: u32,
    /// The events in each of them, control messages included.
    pub(crate) events: u32,
    /// What all chance is drawn from.
    pub(crate) seed: u64,
    /// Whether to add one object for every form that input is known to take.
    pub(crate) dialects: bool,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// Objects, those of the dialects included.
    pub(crate) objects: u64,
    /// Events in them, control messages and those to be rejected included: what
    /// a report of a job on this stash calls `events`.
    pub(crate) events: u64,
    /// Bytes as they lie in the folder.
    pub(crate) bytes: u64,
}

impl Written {
    fn add(&mut self, events: u32, bytes: u64) {
        self.objects += 1;
        self.events += u64::from(events);
        self.bytes += bytes;
    }
}

/// Why a sample could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SampleError {
    /// A folder of the stash is neither there nor can be made.
    #[error("cannot create the folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
    /// An object could not be written to its end.
    #[error("cannot write {}: {source}", path.display())]
    Object {
        /// The object's file.
        path: PathBuf,
        /// What the file system says.
        source: io::Error,
    },
    /// The objects' dates have left the calendar.
    #[error("object {object} would arrive after the year 9999; ask for fewer objects")]
    Date {
        /// The first object without a date, counted from 0.
        object: u32,
        /// What the calendar says.
        source: jiff::Error,
    },
}

/// Writes the stash into `dir`, which is made if it is not there.
///
/// An object of any size takes the memory of one document.
///
/// # Errors
///
/// [`SampleError`] names the folder or the object that could not be written;
/// what was written before it stays.
pub(crate) fn write(dir: &Path, sample: &Sample) -> Result<Written, SampleError> {
    let mut rng = Rng::with_seed(sample.seed);
    let network = Network::new(&mut rng);
    // Taken from the seed before the objects, so that their number changes nothing here.
    let mut dialects = rng.fork();
    let mut written = Written::default();

    create_folder(dir)?;
    for object in 0..sample.objects {
        let mut rng = rng.fork();
        let arrival = FIRST_ARRIVAL + i64::from(object) * i64::from(BUFFER_SECONDS);
        let key = key(arrival, &mut rng).map_err(|source| SampleError::Date { object, source })?;
        let bytes = write_object(dir, &key, |out| {
            write_documents(out, &network, arrival, sample.events, &mut rng)
        })?;
        written.add(sample.events, bytes);
    }
    if sample.dialects {
        for object in dialects::objects(&network, FIRST_ARRIVAL, &mut dialects) {
            let bytes = write_object(dir, &object.key, |out| object.write(out))?;
            written.add(object.events(), bytes);
        }
    }
    Ok(written)
}

/// The name that Firehose gives an object: folders for the hour, then stream,
/// version, time and a random identifier, and no suffix even for gzip.
/// <https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html>
fn key(arrival: i64, rng: &mut Rng) -> Result<String, jiff::Error> {
    let time = Timestamp::from_second(arrival + rng.i64(0..60))?;
    let unique = format!("{:032x}", rng.u128(..));
    Ok(format!(
        "{}-{}-{}-{}-{}-{}",
        time.strftime("%Y/%m/%d/%H/vpc-flow-logs-1-%Y-%m-%d-%H-%M-%S"),
        &unique[..8],
        &unique[8..12],
        &unique[12..16],
        &unique[16..20],
        &unique[20..],
    ))
}

/// Writes one ordinary object's gzip members, each a document of its own.
fn write_documents(
    out: &mut impl Write,
    network: &Network,
    arrival: i64,
    events: u32,
    rng: &mut Rng,
) -> io::Result<()> {
    let (fewest, most) = DOCUMENT_EVENTS;
    // Even a small object has several members, as real ones do.
    let most = (events / 4).clamp(fewest, most);
    // A subscription begins with one: CloudWatch Logs tries the destination.
    let mut control = arrival == FIRST_ARRIVAL;
    let mut left = events;
    while left > 0 {
        let passed = u64::from(events - left) * u64::from(BUFFER_SECONDS) / u64::from(events);
        let time = arrival.saturating_add_unsigned(passed);
        let document = if control {
            envelope::control(time)
        } else {
            let count = rng.u32(fewest..=most).min(left);
            envelope::data(&flows::capture(network, time, count, rng), rng)
        };
        left -= document.events;
        gzip::member(out, document.text.as_bytes())?;
        control = rng.u32(..CONTROL_EVERY) == 0;
    }
    Ok(())
}

/// Writes the object of a key and returns its size in bytes.
fn write_object(
    dir: &Path,
    key: &str,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<u64, SampleError> {
    let path = dir.join(key);
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let write = || {
        let mut out = BufWriter::new(File::create(&path)?);
        content(&mut out)?;
        out.flush()?;
        Ok(out.get_ref().metadata()?.len())
    };
    write().map_err(|source| SampleError::Object {
        path: path.clone(),
        source,
    })
}

fn create_folder(path: &Path) -> Result<(), SampleError> {
    fs::create_dir_all(path).map_err(|source| SampleError::Folder {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
