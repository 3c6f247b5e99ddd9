//! Serves the API over stores and jobs that often fail, for tests of its answers:
//!
//! ```text
//! cargo run -p rehose-api --example unreliable -- tests/data/stash out
//! ```

use std::env::args;
use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use rehose_api::{Api, Defaults, Failure, Jobs, JobsError, Limits, Metrics, router};
use rehose_catalog::Layout;
use rehose_extract::{Compression, Options};
use rehose_reprocess::digest::{Claim, Digests};
use rehose_reprocess::exclude::ErrorRecords;
use rehose_reprocess::job::{JobId, MaxRejected};
use rehose_reprocess::local::{LocalJobs, Unobserved};
use rehose_reprocess::work::Limits as WorkLimits;
use rehose_store::location::Source;
use rehose_store::{LocalStore, Store, StoreErrorKind};
use rehose_testkit::fault_store::{Failure as Fault, FaultStore};
use tokio::net::TcpListener;

/// One of so many requests fails.
const FAULTS: u32 = 12;

fn fails() -> bool {
    fastrand::u32(..FAULTS) == 0
}

fn unreliable(folder: &str) -> Result<Arc<dyn Store>, Box<dyn Error>> {
    let store = Arc::new(LocalStore::open(folder)?);
    let kinds = [StoreErrorKind::Transient, StoreErrorKind::Denied];
    Ok(Arc::new(FaultStore::new(store, move |_, _| {
        let kind = fastrand::choice(kinds).filter(|_| fails());
        kind.map(Fault::Refused)
    })))
}

/// Jobs that often do not start, and often fail.
#[derive(Debug)]
struct UnreliableJobs {
    local: LocalJobs,
    digests: Digests,
}

#[async_trait]
impl Jobs for UnreliableJobs {
    async fn start(&self, claim: &Claim) -> Result<(), JobsError> {
        if fails() {
            return Err(JobsError("no job can be started now".to_owned()));
        }
        let (local, digests, claim) = (self.local.clone(), self.digests.clone(), claim.clone());
        tokio::spawn(async move {
            if let Err(error) = local.run(claim.start(), Arc::new(Unobserved)).await {
                let reason = error.to_string();
                while digests
                    .fail(&claim, &reason, Timestamp::now())
                    .await
                    .is_err()
                {}
            }
        });
        Ok(())
    }

    async fn failure(&self, _: &JobId) -> Result<Option<Failure>, JobsError> {
        match fails() {
            true => Err(JobsError("the job cannot be seen now".to_owned())),
            false => Ok(None),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut folders = args().skip(1);
    let (Some(stash), Some(output)) = (folders.next(), folders.next()) else {
        return Err("usage: unreliable STASH OUTPUT".into());
    };
    let source = Source {
        store: unreliable(&stash)?,
        prefix: String::new(),
    };
    let output = unreliable(&output)?;
    let digests = Digests::new(Arc::clone(&output), vec![source.clone()]);
    let defaults = Defaults {
        source: source.name(),
        prefix: String::new(),
        exclude: Vec::new(),
        errors: ErrorRecords::default(),
        max_rejected: MaxRejected::default(),
        layout: Layout::default(),
        lateness: 3_600,
        options: Options::default(),
    };
    let local = LocalJobs {
        source,
        output: Arc::clone(&output),
        compression: Compression::default(),
        limits: WorkLimits::near(1),
    };
    let jobs = UnreliableJobs {
        local,
        digests: digests.clone(),
    };
    let api = Api {
        output,
        digests,
        jobs: Arc::new(jobs),
        defaults,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let metrics = Arc::new(Metrics::default());
    axum::serve(listener, router(api, Limits::default(), Some(metrics))).await?;
    Ok(())
}
