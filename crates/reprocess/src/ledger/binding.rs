//! `rehose.json`: the bucket and the options that an output is bound to.

use rehose_extract::{DialectName, FileKind, Options};
use rehose_store::{Put, Store, StoreName};
use serde::{Deserialize, Serialize};

use super::document::{differences, get, put_if_absent};
use super::{BINDING, Version};
use crate::error::{Error, Result};

/// The bucket and options that all rows of an output share.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    #[serde(default)]
    v: Version,
    /// The source bucket, or `None` for a folder. An output is named by its source key alone, so
    /// objects of two buckets with the same key would overwrite each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<StoreName>,
    /// The options of all rows, with their defaults filled in.
    pub options: Options,
}

/// Leaves out the dialect `cloudwatch` if none is wanted. Up to version 1 it was the default, and the
/// rows of an envelope are the same without it.
pub(crate) fn without_implied_dialect(mut bound: Options, wanted: &Options) -> Options {
    let is_implied = bound.dialect == Some(DialectName::CloudWatch);
    if is_implied && wanted.dialect.is_none() {
        bound.dialect = None;
    }
    bound
}

/// Binds an output to a source and options.
///
/// # Errors
///
/// [`Error::OtherBinding`] if it is bound to others.
pub async fn bind(output: &dyn Store, source: &StoreName, options: &Options) -> Result<()> {
    let wanted = Binding {
        v: Version,
        bucket: source.is_bucket().then(|| source.clone()),
        options: options.with_defaults(),
    };
    let bound = match get::<Binding>(output, BINDING).await? {
        Some(bound) => Binding {
            options: without_implied_dialect(bound.options, &wanted.options),
            ..bound
        },
        None => match put_if_absent(output, BINDING, &wanted).await? {
            Put::Created => return Ok(()),
            Put::Exists => get::<Binding>(output, BINDING).await?.unwrap_or_default(),
        },
    };
    if bound == wanted {
        return Ok(());
    }
    let (bound, wanted) = (spelled(bound), spelled(wanted));
    let (bound, wanted) = match bound.bucket == wanted.bucket {
        true => differences(&bound.options, &wanted.options),
        false => differences(&bound, &wanted),
    };
    Err(Error::OtherBinding {
        output: output.url(""),
        bound,
        wanted,
    })
}

/// Names the kind of the files, which is left out where it is the default.
fn spelled(mut binding: Binding) -> Binding {
    binding.options.to.get_or_insert_default();
    binding
}

/// What an output is bound to, if it is bound.
pub async fn binding(output: &dyn Store) -> Result<Option<Binding>> {
    get(output, BINDING).await
}

/// The kind of the files of rows that an output is bound to, if it is bound.
pub(crate) async fn bound_kind(output: &dyn Store) -> Result<Option<FileKind>> {
    let bound = binding(output).await?;
    Ok(bound.map(|bound| bound.options.to.unwrap_or_default()))
}
