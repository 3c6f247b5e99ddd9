//! An object of a stash that was read, or the beginning of one.

use std::io;

use futures::TryStreamExt;
use rehose_extract::survey::{Findings, Messages, Survey};
use rehose_extract::{
    Compression, DialectName, Error, Fault, FormatName, Options, Reason, Transcoder,
};
use rehose_store::StoreErrorKind::{Archived, NotFound};
use rehose_store::{Listed, Store, StoreError};

use super::sample::SampleError;

/// Bytes that are read of an object.
const READ: u64 = 1024 * 1024;

/// An object that was read.
pub(super) struct Surveyed {
    pub(super) object: Listed,
    pub(super) findings: Findings,
    /// Whether all of it was read.
    pub(super) is_whole: bool,
    /// Why a job fails it, if it does.
    pub(super) failure: Option<String>,
}

impl Surveyed {
    /// Reads an object.
    pub(super) async fn read(store: &dyn Store, object: Listed) -> Result<Self, StoreError> {
        let mut body = match store.read(&object.key).await {
            Ok(body) => body,
            // A job fails this object too, and no other.
            Err(error) if matches!(error.kind, NotFound | Archived) => {
                return Ok(Self {
                    object,
                    findings: Findings::default(),
                    is_whole: false,
                    failure: Some(error.to_string()),
                });
            }
            Err(error) => return Err(error),
        };
        let mut survey = Survey::default();
        let mut left = READ;
        while let Some(chunk) = body.try_next().await? {
            let chunk = &chunk[..chunk.len().min(left as usize)];
            survey.push(chunk);
            left -= chunk.len() as u64;
            if left == 0 {
                break;
            }
        }
        let is_whole = object.bytes <= READ;
        let findings = survey.finish(is_whole);
        Ok(Self {
            failure: findings.fault.as_ref().map(Fault::to_string),
            object,
            findings,
            is_whole,
        })
    }

    /// Finds out whether it fails when it is read as the format of the stash.
    pub(super) async fn judge(
        &mut self,
        store: &dyn Store,
        format: FormatName,
    ) -> Result<(), SampleError> {
        if self.failure.is_none() && self.is_whole && self.is_strange() {
            self.failure = failure(store, &self.object.key, format).await?;
        }
        Ok(())
    }

    /// Whether the format of the other objects may not read it.
    fn is_strange(&self) -> bool {
        let Findings {
            control,
            groups,
            has_strange_header,
            text,
            ..
        } = &self.findings;
        let is_unknown = |(name, messages): (&String, &Messages)| {
            name.is_empty() && messages.flows() == 0 && messages.logs.is_empty()
        };
        *has_strange_header || *text > 0 && *control == 0 && groups.iter().all(is_unknown)
    }
}

/// Returns why an object fails, if it does when it is read as this format.
async fn failure(
    store: &dyn Store,
    key: &str,
    format: FormatName,
) -> Result<Option<String>, SampleError> {
    let options = Options {
        format: Some(format),
        ..Options::default()
    };
    let (shape, compression) = (options.compile()?, Compression::default());
    let mut body = store.read(key).await?;
    let mut chunks = Vec::new();
    while let Some(chunk) = body.try_next().await? {
        chunks.push(chunk);
    }
    let transcode = || {
        let mut transcoder = Transcoder::new(key, &shape, &compression, io::sink(), io::sink())?;
        for chunk in &chunks {
            transcoder.push(chunk)?;
        }
        transcoder.finish()
    };
    Ok(match transcode() {
        Err(Error::Input(fault)) => match fault.reason {
            // The advice names the fields, and a job leaves other logs out.
            Reason::UnknownColumns(_) | Reason::OtherKind(_) => None,
            _ => Some(fault.to_string()),
        },
        // Nothing is written, and nobody stops it.
        Ok(_) | Err(Error::Output(_) | Error::Stopped) => None,
    })
}

/// The name of an object's dialect, as the option has it.
pub(super) fn dialect_name(findings: &Findings) -> &'static str {
    let is_envelope =
        || findings.control > 0 || findings.groups.keys().any(|name| !name.is_empty());
    match findings.dialect {
        _ if findings.text == 0 => "no text",
        Some(dialect) => dialect.name(),
        None if is_envelope() => DialectName::CloudWatch.name(),
        None => DialectName::Json.name(),
    }
}
