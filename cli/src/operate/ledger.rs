//! Opens the ledger of a job.

use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::Ledger;
use rehose_store::location::{Location, Stores};

use super::error::Result;
use crate::stack::DeployedStack;

pub(super) async fn open_ledger(stack: &DeployedStack, job: &JobId) -> Result<Ledger> {
    let location = stack.output_location().await?;
    let stores = match location {
        Location::S3 { .. } => Stores::on_aws(stack.config().await),
        Location::Folder(_) => Stores::default(),
    };
    Ok(Ledger::new(stores.output(location)?, job.clone()))
}
