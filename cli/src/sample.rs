//! `rehose sample`: writes a realistic stash, as CloudWatch Logs and Firehose leave it in a bucket.
//!
//! The same [`SampleArgs`] give the same bytes on every machine: all random numbers come from the
//! seed, and there is neither a clock nor floating point.

mod continuing;
mod dialects;
mod encodings;
mod envelope;
mod flows;
mod gzip;
mod logs;
mod spellings;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use fastrand::Rng;
use jiff::Timestamp;

use continuing::Account;
use flows::Network;

use crate::args::sample::{Profile, SampleArgs};
use crate::console::{print, print_error};
use crate::exit::{FAILED, SUCCEEDED};

/// The arrival of the first object: 2020-02-01T00:00:00Z, in seconds.
const FIRST_ARRIVAL: i64 = 1_580_515_200;

/// Seconds between two objects: the longest time that Firehose buffers. A few objects are then enough
/// to fill more than one folder of an hour.
const BUFFER_SECONDS: u32 = 900;

/// The minutes of the hour that `--merge` writes.
const MINUTES: u32 = 60;

/// The fewest and the most events that CloudWatch Logs puts into a document of a busy log group.
const DOCUMENT_EVENTS: (u32, u32) = (50, 300);

/// One of this many documents is a control document.
const CONTROL_EVERY: u32 = 20;

/// The size of a written stash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Written {
    /// All objects, including those of `--dialects`.
    objects: u64,
    /// All events in them, including control messages and events that do not fit the format. A job's
    /// report counts the same events.
    events: u64,
    /// The bytes of the files.
    bytes: u64,
}

impl Written {
    fn add(&mut self, events: u32, bytes: u64) {
        self.objects += 1;
        self.events += u64::from(events);
        self.bytes += bytes;
    }
}

/// An error that ends the writing of a stash.
#[derive(Debug, thiserror::Error)]
enum SampleError {
    #[error("cannot create the folder {}: {source}; name another folder", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}; name another folder, or make room", path.display())]
    Object { path: PathBuf, source: io::Error },
    /// The first object, counted from 0, that would arrive after the last date of the calendar.
    #[error("object {object} would arrive after the year 9999; ask for fewer objects")]
    Date { object: u32, source: jiff::Error },
}

/// Writes a stash, prints its size and returns the exit status.
pub(crate) fn write_sample(args: &SampleArgs) -> u8 {
    match write(args) {
        Ok(Written {
            objects,
            events,
            bytes,
        }) => {
            let dir = args.dir.display();
            let format = args
                .log
                .map(|log| format!(" --format {}", log.name().name()));
            print(&format!(
                "{objects} objects, {events} events, {bytes} bytes in {dir}\n\
                 next: rehose run {dir} OUTPUT{}",
                format.unwrap_or_default()
            ));
            SUCCEEDED
        }
        Err(error) => {
            print_error(&error);
            FAILED
        }
    }
}

/// Writes a stash into a folder, and creates the folder if it does not exist. Keeps at most one
/// document in memory.
///
/// # Errors
///
/// [`SampleError`] names the folder or the object that could not be written. The objects before it
/// stay.
fn write(args: &SampleArgs) -> Result<Written, SampleError> {
    let dir = args.dir.as_path();
    let mut rng = Rng::with_seed(args.seed);
    if let Some(log) = args.log {
        create_folder(dir)?;
        return logs::write(args, log.name(), &mut rng);
    }
    let size = match args.profile {
        Profile::Small => &flows::SMALL,
        Profile::Large => &flows::LARGE,
    };
    let network = Network::new(size, &mut rng);
    // Fork before the objects: their number must not change the dialects.
    let mut dialects = rng.fork();
    let mut written = Written::default();

    create_folder(dir)?;
    if args.merge {
        return write_hour(args, &network, &mut rng);
    }
    for object in 0..args.objects {
        let mut rng = rng.fork();
        let arrival = FIRST_ARRIVAL + i64::from(object) * i64::from(BUFFER_SECONDS);
        let key = key(arrival, &mut rng).map_err(|source| SampleError::Date { object, source })?;
        let bytes = write_object(dir, &key, |out| {
            write_documents(out, &network, arrival, args.events, &mut rng)
        })?;
        written.add(args.events, bytes);
    }
    if args.dialects {
        for object in dialects::objects(&network, FIRST_ARRIVAL, &mut dialects) {
            let bytes = write_object(dir, &object.key, |out| object.write(out))?;
            written.add(object.events(), bytes);
        }
    }
    Ok(written)
}

/// Writes an hour of many accounts: one object for each account and minute.
fn write_hour(args: &SampleArgs, network: &Network, rng: &mut Rng) -> Result<Written, SampleError> {
    let mut written = Written::default();
    let accounts = args.objects.div_ceil(MINUTES);
    let mut accounts: Vec<Account<'_>> = (0..accounts)
        .map(|_| Account::new(network, args.continuing, rng))
        .collect();
    let count = accounts.len() as u32;
    for object in 0..args.objects {
        let arrival = FIRST_ARRIVAL + i64::from(object / count * 60);
        let key = key(arrival, rng).map_err(|source| SampleError::Date { object, source })?;
        let captures = accounts[(object % count) as usize].minute(arrival, args.events, rng);
        let bytes = write_object(&args.dir, &key, |out| {
            captures.iter().try_for_each(|capture| {
                gzip::member(out, envelope::data(capture, rng).text.as_bytes())
            })
        })?;
        written.add(args.events, bytes);
    }
    Ok(written)
}

/// A key as Firehose makes it: folders for the hour, then stream, version, time and a random
/// identifier. There is no suffix, even for gzip.
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

/// Writes the gzip members of an ordinary object: one for each document.
fn write_documents(
    out: &mut impl Write,
    network: &Network,
    arrival: i64,
    events: u32,
    rng: &mut Rng,
) -> io::Result<()> {
    let (fewest, most) = DOCUMENT_EVENTS;
    // Give small objects several members too, as real ones have.
    let most = (events / 4).clamp(fewest, most);
    // A subscription begins with a control document, which tests the destination.
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

/// Writes an object and returns its size in bytes.
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
