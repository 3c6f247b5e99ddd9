//! An object of a task that merges: its records are staged in the merger, and its rejected events are a
//! file of their own.

use std::sync::Arc;

use futures::TryStreamExt;
use rehose_extract::merge::{Homeless, Merger};
use rehose_extract::{Error as Fault, Summary, Transcoder};
use rehose_store::{Body, Store, StoreError, Upload};
use tokio::time::{Instant, timeout_at};

use super::{MergeTask, MergeWorker};
use crate::error::Error;
use crate::ledger::OutputId;
use crate::ledger::receipt::{Artifact, Failure, Outcome};
use crate::work::convert::{failure, faulty, late, unreadable, unwritable};
use crate::work::pipe::{Outlet, pipe};

/// The outcome of an object, and the file of its rejected events.
type Converted = (Outcome, Option<Artifact>);

/// The conversion of an object of a task.
pub(super) struct Conversion<'a> {
    pub(super) worker: &'a MergeWorker,
    pub(super) task: &'a MergeTask<'a>,
    pub(super) key: &'a str,
    pub(super) merger: &'a mut Merger,
    pub(super) reading_ends: Instant,
}

impl Conversion<'_> {
    /// Converts the object. Its rejected events are complete if it is done.
    pub(super) async fn convert(
        self,
        body: Option<Result<Body, StoreError>>,
    ) -> Result<Converted, Error> {
        let (key, reading_ends) = (self.key, self.reading_ends);
        let store = Arc::clone(&self.task.source.store);
        let output = Arc::clone(self.task.output);
        let shape = self.task.shape;
        let id = OutputId::of_object(key, shape.format_name(), shape.file_kind());
        let body = async {
            match body {
                Some(body) => body,
                None => store.read(key).await,
            }
        };
        let mut rejected = Rejected {
            output,
            key: id.rejected_key(),
            upload: None,
        };
        let transcoded = timeout_at(reading_ends, async {
            self.transcode(body.await.map_err(Stop::Unreadable)?, &mut rejected)
                .await
        });
        let stop = match transcoded.await {
            Ok(Ok(summary)) => match rejected.complete().await {
                Ok(bytes) => {
                    let artifact = bytes.map(|bytes| Artifact {
                        key: id.rejected_key(),
                        bytes,
                        rows: summary.rejected,
                        inputs: Vec::new(),
                        sums: None,
                    });
                    return Ok((Outcome::Done(summary), artifact));
                }
                Err(error) => return unwritable(error).map(failed),
            },
            Ok(Err(stop)) => stop,
            Err(_) => Stop::Transcoder(Fault::Stopped),
        };
        rejected.abort().await;
        match stop {
            Stop::Unreadable(error) => unreadable(error).map(failed),
            Stop::Unwritable(error) => unwritable(error).map(failed),
            Stop::Homeless(homeless) => Ok(failed(without_home(homeless))),
            Stop::Transcoder(Fault::Input(fault)) => Ok((faulty(&fault), None)),
            Stop::Transcoder(Fault::Stopped) => Err(late(&store.url(key))),
            Stop::Transcoder(error) => Err(Error::Internal {
                what: format!("merging {}", store.url(key)),
                reason: error.to_string(),
            }),
        }
    }

    async fn transcode(self, mut body: Body, rejected: &mut Rejected) -> Result<Summary, Stop> {
        let Self {
            worker,
            task,
            key,
            merger,
            reading_ends,
        } = self;
        let (inlet, mut outlet) = pipe();
        let mut transcoder =
            Transcoder::merging(key, task.shape, &worker.compression, &mut *merger, inlet)?;
        while let Some(chunk) = body.try_next().await.map_err(Stop::Unreadable)? {
            transcoder.push_while(&chunk, &|| Instant::now() < reading_ends)?;
            rejected
                .write(&mut outlet)
                .await
                .map_err(Stop::Unwritable)?;
        }
        let summary = transcoder.finish()?;
        let homeless = merger.homeless();
        if homeless != Homeless::default() {
            return Err(Stop::Homeless(homeless));
        }
        rejected
            .write(&mut outlet)
            .await
            .map_err(Stop::Unwritable)?;
        Ok(summary)
    }
}

fn failed(failure: Failure) -> Converted {
    (Outcome::Failed(failure), None)
}

/// The failure of an object with records that belong in no file.
fn without_home(Homeless { accounts, regions }: Homeless) -> Failure {
    let (records, what) = match accounts {
        0 => (regions, "region"),
        _ => (accounts, "account"),
    };
    failure(
        &format!("no-{what}"),
        format!(
            "{records} of its records say no {what}, and neither do their origin and the object's key: merge \
             into another output with --{what}"
        ),
    )
}

/// Why an object is not converted to its end.
enum Stop {
    /// It has records whose account or region is not known.
    Homeless(Homeless),
    Unreadable(StoreError),
    Unwritable(StoreError),
    Transcoder(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Transcoder(fault)
    }
}

/// The file of an object's rejected events, which most objects do not have.
struct Rejected {
    output: Arc<dyn Store>,
    key: String,
    upload: Option<Box<dyn Upload>>,
}

impl Rejected {
    async fn write(&mut self, outlet: &mut Outlet) -> Result<(), StoreError> {
        while let Some(piece) = outlet.next() {
            let upload = match &mut self.upload {
                Some(upload) => upload,
                none => none.insert(self.output.write(&self.key).await?),
            };
            upload.write(piece).await?;
        }
        Ok(())
    }

    async fn complete(self) -> Result<Option<u64>, StoreError> {
        match self.upload {
            Some(upload) => upload.complete().await.map(Some),
            None => Ok(None),
        }
    }

    async fn abort(self) {
        if let Some(upload) = self.upload {
            upload.abort().await;
        }
    }
}
