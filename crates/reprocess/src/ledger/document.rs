//! Reading and writing the JSON documents of a ledger.

use bytes::Bytes;
use futures::TryStreamExt;
use rehose_store::{Put, Store, StoreErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::version::Version;
use crate::error::{Error, Result};

/// The largest document, in bytes: far more than a slice or a report with the longest keys.
const MAX_LEDGER_OBJECT: usize = 32 * 1024 * 1024;

pub(super) async fn get<T: DeserializeOwned>(store: &dyn Store, key: &str) -> Result<Option<T>> {
    let damaged = |reason: String| Error::Ledger {
        url: store.url(key),
        reason,
    };
    let mut body = match store.read(key).await {
        Ok(body) => body,
        Err(error) if error.kind == StoreErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut text = Vec::new();
    while let Some(chunk) = body.try_next().await? {
        text.extend_from_slice(&chunk);
        if text.len() > MAX_LEDGER_OBJECT {
            return Err(damaged(format!("larger than {MAX_LEDGER_OBJECT} bytes")));
        }
    }
    Version::check(&text).map_err(|newer| Error::NewerLedger {
        url: store.url(key),
        newer,
    })?;
    match serde_json::from_slice(&text) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(damaged(error.to_string())),
    }
}

pub(super) async fn put_if_absent<T: Serialize>(
    store: &dyn Store,
    key: &str,
    value: &T,
) -> Result<Put> {
    let text = to_line(store, key, value)?;
    Ok(store.put_if_absent(key, text).await?)
}

/// A document is one line, which Athena's table of receipts needs.
pub(super) fn to_line<T: Serialize>(store: &dyn Store, key: &str, value: &T) -> Result<Bytes> {
    let mut text = serde_json::to_vec(value).map_err(|error| Error::Ledger {
        url: store.url(key),
        reason: error.to_string(),
    })?;
    text.push(b'\n');
    Ok(text.into())
}

/// A value as JSON, for an error message.
fn describe<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| error.to_string())
}

/// The differing fields of two values as JSON, for an error message.
pub(crate) fn differences<T: Serialize>(left: &T, right: &T) -> (String, String) {
    match (serde_json::to_value(left), serde_json::to_value(right)) {
        (Ok(Value::Object(mut left)), Ok(Value::Object(mut right))) => {
            let all = left.clone();
            left.retain(|name, value| right.get(name) != Some(value));
            right.retain(|name, value| all.get(name) != Some(value));
            (describe(&left), describe(&right))
        }
        _ => (describe(left), describe(right)),
    }
}
