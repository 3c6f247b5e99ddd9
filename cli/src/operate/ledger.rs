//! Opens the ledger of a job.

use rehose_reprocess::job::JobId;
use rehose_reprocess::ledger::Ledger;
use rehose_store::location::Stores;

use super::error::Result;
use crate::stack::DeployedStack;

pub(super) async fn open_ledger(stack: &DeployedStack, job: &JobId) -> Result<Ledger> {
    let location = stack.output_location().await?;
    let stores = Stores::of(&[&location]).await;
    Ok(Ledger::new(stores.output(&location)?, job.clone()))
}
