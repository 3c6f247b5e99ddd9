//! A simulation, from an empty output to the report.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rehose_reprocess::check::JobState;
use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::report::Report;
use rehose_store::StoreName;
use tokio::time::timeout;

use crate::cloud::Cloud;
use crate::error::ScaleError;
use crate::event_source::EventSource;
use crate::functions::Functions;
use crate::machine::Machine;
use crate::measured::Measured;
use crate::scenario::Scenario;
use crate::stages::Stages;
use crate::world::World;

/// The longest job: the default of the stack's `jobTimeoutHours`.
const PATIENCE_DAYS: u64 = 14;

/// Runs a job in virtual time.
///
/// # Errors
///
/// If it does not convert every object, or its report says something else.
pub fn run(scenario: &Scenario) -> Result<Measured, ScaleError> {
    in_virtual_time(scenario.stack.seed, simulate(scenario))
}

/// Runs a simulation, whose latencies and jitter the seed decides.
pub(crate) fn in_virtual_time<T>(
    seed: u64,
    simulation: impl Future<Output = Result<T, ScaleError>>,
) -> Result<T, ScaleError> {
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(simulation)
}

async fn simulate(scenario: &Scenario) -> Result<Measured, ScaleError> {
    let (world, begins) = (World::rewritten(scenario), Timestamp::UNIX_EPOCH);
    let cloud = Arc::new(Cloud::new(&scenario.stack, world, begins));
    let functions = Arc::new(Functions::new(&cloud)?);
    let given = functions.given(JobId::new(begins), None);
    let source = Arc::new(EventSource::new(&functions));
    tokio::spawn(Arc::clone(&source).run());
    let job = timeout(
        Duration::from_secs(PATIENCE_DAYS * 24 * 60 * 60),
        Machine::new(&functions, given).run(),
    );
    let (ended, stages) = Stages::during(&cloud, &source, job).await;
    let ended = ended.map_err(|_| endless())??;
    let duration = cloud.begun.elapsed();
    verify(&cloud, ended.state)?;

    let contents = cloud.contents();
    let ledger = contents.ledger();
    let largest = ledger.iter().max_by_key(|(_, body)| body.len());
    Ok(Measured {
        scenario: scenario.clone(),
        duration,
        stages,
        counts: cloud.meter.counts(),
        tasks: (ledger.keys().filter(|key| key.contains("/receipts/"))).count() as u64,
        again: contents.again,
        dead: cloud.queue.dead(),
        most_running: source.take_most(),
        most_puts: cloud.output.most().puts,
        most_gets: cloud.stash.most().gets,
        partitions: cloud.output.partitions(),
        documents: ledger.len() as u64,
        document_bytes: ledger.values().map(|body| body.len() as u64).sum(),
        largest: largest
            .map(|(key, body)| (key.clone(), body.len() as u64))
            .unwrap_or_default(),
    })
}

fn endless() -> ScaleError {
    ScaleError::Endless {
        days: PATIENCE_DAYS,
    }
}

/// Checks that the job has converted every object, and that its report says so.
fn verify(cloud: &Cloud, state: JobState) -> Result<(), ScaleError> {
    let contents = cloud.contents();
    let objects = cloud.world.objects();
    let wrong = |what: String| Err(ScaleError::Contradiction(what));
    if contents.rows() != objects {
        return wrong(format!(
            "{} of {objects} objects have rows",
            contents.rows()
        ));
    }
    if let Some(strange) = contents.strange.first() {
        return wrong(format!("{strange} is the output of no object"));
    }
    let report = (contents.ledger().iter()).find(|(key, _)| key.ends_with("/report.json"));
    let report = report.map(|(_, body)| serde_json::from_slice::<Report>(body));
    let Some(Ok(report)) = report else {
        return wrong("there is no report".to_owned());
    };
    let totals = report.totals.objects;
    if (totals.listed, totals.done) != (objects, objects) || state != JobState::Succeeded {
        return wrong(format!(
            "{state:?}: the report has {} objects listed and {} done, of {objects}",
            totals.listed, totals.done
        ));
    }
    let bucket = StoreName::of_bucket("stash");
    if report.source != bucket.as_str() {
        return wrong(format!("the report is about {}", report.source));
    }
    Ok(())
}
