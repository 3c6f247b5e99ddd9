//! The version of ledger documents and messages.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version that this build writes.
///
/// | version | difference |
/// |---|---|
/// | none, read as 0 | no `v`; messages carry objects and options; receipts list no artifacts |
/// | 1 | messages only name their job and task; receipts list artifacts |
/// | 2 | options may be absent in the dialect, and have more keys; receipts and reports count filtered events and kinds of rejections; a job says how many rejections it accepts |
/// | 3 | a job may have its rows in a folder of the output |
///
/// A change that an older reader would misunderstand needs a new version, a row here, and golden
/// files of the old one in `tests/golden`.
pub const VERSION: u32 = 3;

/// The field `v` of a document. It is written as [`VERSION`], and read as any version up to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Version;

/// A version that this build does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "it has version {found}, and this rehose reads versions up to {VERSION}; update rehose to at \
     least the version that wrote it"
)]
pub struct NewerVersion {
    /// The version found.
    pub found: u64,
}

/// The part of a document that is read first.
#[derive(Deserialize)]
struct Stamp {
    #[serde(default)]
    v: u64,
}

impl Version {
    /// Checks that a JSON document is of a known version. A newer document may have any shape, so
    /// this comes before parsing the rest.
    pub(crate) fn check(text: &[u8]) -> Result<(), NewerVersion> {
        match serde_json::from_slice::<Stamp>(text) {
            Ok(Stamp { v }) if v > u64::from(VERSION) => Err(NewerVersion { found: v }),
            // A document without a readable `v` fails when the rest is parsed.
            _ => Ok(()),
        }
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        VERSION.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = u64::deserialize(deserializer)?;
        if found > u64::from(VERSION) {
            return Err(D::Error::custom(NewerVersion { found }));
        }
        Ok(Self)
    }
}
