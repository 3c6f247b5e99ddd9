//! The proof of a generation: its files and its objects are read again, and their sums are compared.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use rehose_extract::merge::{ObjectSums, Sums};
use rehose_extract::{Fault, Reason, Shape, Transcoder};
use rehose_reprocess::error::Error;
use rehose_reprocess::job::{Job, JobId};
use rehose_reprocess::ledger::generation::{Decision, GenerationId, Generations};
use rehose_reprocess::ledger::{Binding, Ledger, binding};
use rehose_reprocess::task::PlannedObject;
use rehose_store::location::{Location, Source, Stores};
use rehose_store::{Store, StoreErrorKind};

use crate::cat::{CatError, ColumnSums, sum_columns};

/// Objects that are read at once.
const READS: usize = 16;

/// Why nothing can be said of a generation.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProofError {
    #[error(transparent)]
    Job(#[from] Error),
    #[error(transparent)]
    Location(#[from] rehose_store::location::LocationError),
    #[error(transparent)]
    Store(#[from] rehose_store::StoreError),
    #[error(transparent)]
    File(#[from] CatError),
}

pub(super) type Result<T> = std::result::Result<T, ProofError>;

/// What the bytes of a generation say.
#[derive(Debug, Default)]
pub(super) struct Proof {
    pub(super) objects: u64,
    pub(super) records: u64,
    pub(super) rows: u64,
    /// What is not as it should be, in words.
    pub(super) problems: Vec<String>,
}

/// Proves generations of an output.
pub(super) struct Prover {
    output: Arc<dyn Store>,
    generations: Generations,
    /// The last job whose definition was read: most generations have the same.
    last: Option<(JobId, Origin)>,
    /// The objects that failed or were lost, by key, and the last generation that has planned them.
    missing: BTreeMap<String, GenerationId>,
}

/// Where the objects of a job are, and what they hold.
#[derive(Clone)]
struct Origin {
    source: Source,
    shape: Shape,
}

/// An object, as it is now.
enum Found {
    Sums(Sums),
    /// It is of another log, and was left out.
    OtherKind,
    Problem(String),
}

impl Prover {
    pub(super) fn new(output: Arc<dyn Store>) -> Self {
        Self {
            generations: Generations::new(Arc::clone(&output)),
            output,
            last: None,
            missing: BTreeMap::new(),
        }
    }

    /// The objects that are in no file of the generations so far, because they failed or were lost, by key.
    pub(super) fn missing(&self) -> &BTreeMap<String, GenerationId> {
        &self.missing
    }

    /// Reads the files and the objects of a generation. Generations of a partition come in their order.
    pub(super) async fn prove(&mut self, id: GenerationId) -> Result<Proof> {
        let mut proof = Proof::default();
        if self.generations.marker(id).await?.is_none() {
            proof
                .problems
                .push("it is planned and not published".to_owned());
            return Ok(proof);
        }
        let Some(decision) = self.generations.decision(id).await? else {
            proof
                .problems
                .push("it is published, and its decision is gone".to_owned());
            return Ok(proof);
        };
        let Some(in_files) = self.read_files(&decision, &mut proof).await? else {
            return Ok(proof);
        };
        let origin = self.origin(&decision.job).await?;
        let in_objects = self
            .read_objects(id, &origin, &decision, &mut proof)
            .await?;
        for (name, decided) in decision.read.iter() {
            let (files, objects) = (in_files.get(name), in_objects.get(name));
            if files != decided {
                let problem =
                    format!("{name} in its files add up to {files}, and should to {decided}");
                proof.problems.push(problem);
            }
            if objects != decided && proof.problems.is_empty() {
                let problem =
                    format!("{name} in its objects add up to {objects}, and should to {decided}");
                proof.problems.push(problem);
            }
        }
        proof.records = in_files.get("records");
        Ok(proof)
    }

    /// Returns the sums over the files, if all can be read.
    async fn read_files(&self, decision: &Decision, proof: &mut Proof) -> Result<Option<Sums>> {
        let (mut all, mut is_whole) = (Sums::default(), true);
        let names: Vec<&str> = decision.written.iter().map(|(name, _)| name).collect();
        for file in &decision.files {
            let Some(found) = self.output.head(&file.key).await? else {
                proof
                    .problems
                    .push(format!("{} is gone", self.output.url(&file.key)));
                is_whole = false;
                continue;
            };
            let columns = names.iter().map(|name| (*name).to_owned()).collect();
            let summed = sum_columns(&self.output, &file.key, found.bytes, columns).await;
            let ColumnSums { rows, sums } = match summed {
                Ok(sums) => sums,
                Err(damage @ CatError::File { .. }) => {
                    proof.problems.push(damage.to_string());
                    is_whole = false;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            proof.rows += rows;
            all.add(
                &names
                    .iter()
                    .map(|name| (*name).to_owned())
                    .zip(sums)
                    .collect(),
            );
            if (rows, found.bytes) != (file.rows, file.bytes) {
                proof.problems.push(format!(
                    "{} has {rows} rows in {} bytes, and should have {} in {}",
                    self.output.url(&file.key),
                    found.bytes,
                    file.rows,
                    file.bytes
                ));
            }
        }
        Ok(is_whole.then_some(all))
    }

    async fn read_objects(
        &mut self,
        id: GenerationId,
        origin: &Origin,
        decision: &Decision,
        proof: &mut Proof,
    ) -> Result<Sums> {
        let plan = self.generations.require(id).await?;
        let missing: HashSet<&str> = decision.missing.iter().map(String::as_str).collect();
        let objects = plan.tasks.iter().flatten();
        let (failed, merged): (Vec<_>, Vec<_>) =
            objects.partition(|object| missing.contains(object.key.as_str()));
        for object in &merged {
            self.missing.remove(&object.key);
        }
        let failed = failed.iter().map(|object| (object.key.clone(), id));
        self.missing.extend(failed);
        let reads = merged.into_iter().map(|object| read(origin, object));
        let mut reads = stream::iter(reads).buffered(READS);
        let mut all = Sums::default();
        while let Some(found) = reads.try_next().await? {
            match found {
                Found::Sums(sums) => {
                    proof.objects += 1;
                    all.add(&sums);
                }
                Found::OtherKind => {}
                Found::Problem(problem) => proof.problems.push(problem),
            }
        }
        Ok(all)
    }

    async fn origin(&mut self, job: &JobId) -> Result<Origin> {
        if let Some((known, origin)) = &self.last
            && known == job
        {
            return Ok(origin.clone());
        }
        let (source, options) = match binding(&*self.output).await? {
            // The ledger of the job may be elsewhere: several logs share one.
            Some(Binding {
                bucket: Some(bucket),
                options,
                ..
            }) => (bucket, options),
            _ => {
                let ledger = Ledger::new(Arc::clone(&self.output), job.clone());
                let Job {
                    source, options, ..
                } = ledger.require_definition().await?;
                (source, options)
            }
        };
        let location: Location = source.as_str().parse()?;
        let origin = Origin {
            source: Stores::of(&[&location]).await.source(&location)?,
            shape: options.compile().map_err(Error::from)?,
        };
        self.last = Some((job.clone(), origin.clone()));
        Ok(origin)
    }
}

/// Reads an object again, unless it is another one by now.
async fn read(origin: &Origin, planned: &PlannedObject) -> Result<Found> {
    let store = &origin.source.store;
    let (key, url) = (&planned.key, store.url(&planned.key));
    let page = store.list(key, None, 1).await?;
    let listed = page.objects.first().filter(|object| object.key == *key);
    let Some(listed) = listed else {
        return Ok(Found::Problem(format!("{url} is gone")));
    };
    if planned.tag.as_ref().is_some_and(|tag| *tag != listed.tag) {
        return Ok(Found::Problem(format!(
            "{url} was replaced after it was merged; its rows are those of before"
        )));
    }
    let mut body = match store.read(key).await {
        Ok(body) => body,
        Err(error) if error.kind == StoreErrorKind::Transient => return Err(error.into()),
        Err(error) => return Ok(Found::Problem(error.to_string())),
    };
    let mut sums = ObjectSums::new(&origin.shape);
    let fault = |error: rehose_extract::Error| Ok(Found::Problem(format!("{url}: {error}")));
    let mut transcoder = match Transcoder::summing(key, &origin.shape, &mut sums) {
        Ok(transcoder) => transcoder,
        Err(error) => return fault(error),
    };
    while let Some(chunk) = body.try_next().await? {
        if let Err(error) = transcoder.push(&chunk) {
            return fault(error);
        }
    }
    match transcoder.finish() {
        Ok(_) => Ok(Found::Sums(sums.into_sums())),
        Err(rehose_extract::Error::Input(Fault {
            reason: Reason::OtherKind(_),
            ..
        })) => Ok(Found::OtherKind),
        Err(error) => fault(error),
    }
}
