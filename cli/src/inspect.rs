//! `rehose inspect`: what a stash holds, and the commands that convert it.

mod advice;
mod estimate;
mod keys;
mod sample;
mod surveyed;
mod text;

use rehose_store::location::{Location, Stores};
use serde::Serialize;

use self::advice::Advice;
use self::estimate::Estimate;
use self::keys::KeyLayout;
use self::sample::{Sample, SampleError};
use crate::args::inspect::InspectArgs;
use crate::console::{print, print_error, print_json};
use crate::exit::{FAILED, SUCCEEDED};

/// What is known of a stash.
#[derive(Debug, Serialize)]
struct Inspection {
    source: String,
    sample: Sample,
    /// The commonest layout of keys.
    keys: Option<KeyLayout>,
    estimate: Option<Estimate>,
    #[serde(flatten)]
    advice: Advice,
}

pub(crate) async fn inspect(args: InspectArgs) -> u8 {
    match look(&args).await {
        Ok(inspection) => {
            match args.json {
                true => print_json(&inspection),
                false => print(&text::of(&inspection)),
            }
            SUCCEEDED
        }
        Err(error) => {
            print_error(&error);
            FAILED
        }
    }
}

async fn look(args: &InspectArgs) -> Result<Inspection, SampleError> {
    if let Location::Folder(folder) = &args.source
        && !folder.is_dir()
    {
        return Err(SampleError::NoFolder(folder.clone()));
    }
    let stores = Stores::of(&[&args.source]).await;
    let source = stores.source(&args.source)?;
    let prefix = format!("{}{}", source.prefix, args.prefix);
    let (sample, keys) = Sample::take(&*source.store, &prefix, usize::from(args.objects)).await?;
    let keys = keys.commonest();
    Ok(Inspection {
        source: source.store.url(&prefix),
        estimate: Estimate::of(&sample),
        advice: Advice::of(args, &sample, keys.as_ref()),
        keys,
        sample,
    })
}
