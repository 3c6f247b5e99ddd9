//! Work that has to be over in time: a function that has answered is frozen, and whatever it still
//! does with it.

use std::time::Duration;

use rehose_store::Store;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{Error, Result};

/// Kept back from the time that there is, to give up in order what is under way: nothing of it must
/// be left in the output.
pub(crate) const GIVE_UP_TIME: Duration = Duration::from_secs(1);

/// Gives work up at the deadline, for requests that get no answer are repeated for minutes, and
/// waits until nothing is left of what it began in the output, a [`GIVE_UP_TIME`] at most. What is
/// not cleared away by then is left to the bucket's lifecycle rule.
pub(crate) async fn until<T>(
    deadline: Instant,
    doing: &str,
    output: &dyn Store,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let done = timeout_at(deadline, work).await;
    let _ = timeout(GIVE_UP_TIME, output.tidy()).await;
    done.unwrap_or_else(|_| Err(out_of_time(doing)))
}

pub(crate) fn out_of_time(doing: &str) -> Error {
    Error::OutOfTime {
        doing: doing.to_owned(),
    }
}
