//! The stores of a job on this machine, opened.

mod folder;

use std::sync::Arc;

use rehose_reprocess::error::{Error, Result};
use rehose_reprocess::work::Limits;
use rehose_store::location::{Location, Source, Stores};
use rehose_store::{LocalStore, Store};

use crate::args::stash::StashArgs;

/// What is read and written, and how much of it at once.
pub(crate) struct Opened {
    pub(crate) source: Source,
    pub(crate) output: Arc<dyn Store>,
    /// The output if it is a folder. One process at a time writes into it.
    pub(crate) folder: Option<LocalStore>,
    pub(crate) limits: Limits,
}

/// Opens the source and the output. With `sync`, files of a folder are synced.
pub(crate) async fn open(args: &StashArgs, sync: bool) -> Result<Opened> {
    let (source, output) = folder::resolve(&args.source, &args.output)?;
    let stores = Stores::of(&[&source, &output]).await;
    let folder = match &output {
        Location::Folder(path) => Some(LocalStore::open(path)?),
        Location::S3 { .. } => None,
    };
    Ok(Opened {
        source: stores.source(&source)?,
        limits: limits(args, sync, &[&source, &output]),
        output: open_output(&stores, &output, sync)?,
        folder,
    })
}

fn open_output(stores: &Stores, location: &Location, sync: bool) -> Result<Arc<dyn Store>> {
    match location {
        Location::Folder(path) if sync => Ok(Arc::new(LocalStore::open(path)?.synced())),
        Location::S3 { .. } if sync => Err(Error::Value {
            name: "--sync",
            reason: "it is for folders; S3 keeps every object that it has accepted".to_owned(),
        }),
        location => Ok(stores.output(location)?),
    }
}

/// The limits for these stores, unless the user sets them. A disk that is waited for takes as long as a
/// network, and syncs several files at the cost of one.
fn limits(args: &StashArgs, sync: bool, locations: &[&Location]) -> Limits {
    let is_near = |location: &&Location| matches!(location, Location::Folder(_));
    let cores = args.cores();
    let limits = match !sync && locations.iter().all(is_near) {
        true => Limits::near(cores),
        false => Limits::distant(cores),
    };
    limits.with_transfers(args.transfers())
}
