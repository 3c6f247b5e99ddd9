//! The accounts and regions of a digest.

use std::fmt;
use std::str::FromStr;

use rehose_extract::Shape;
use rehose_extract::merge::{is_account, is_region};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The field with the account of a record.
pub(crate) const ACCOUNT: &str = "account-id";

/// Accounts and regions, as text `123456789012,eu-west-1`. Without any account all of them count, and so do all
/// regions without any.
///
/// The name of an object that AWS has written says its account and region. For any other object, the fields
/// `account-id` and `region` of each record do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope {
    accounts: Vec<String>,
    regions: Vec<String>,
}

/// The account and region that an object's key names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) account: Option<&'a str>,
    pub(super) region: Option<&'a str>,
}

impl Scope {
    /// Whether it has everything.
    pub fn is_all(&self) -> bool {
        self.accounts.is_empty() && self.regions.is_empty()
    }

    /// Checks that records of this shape can be told apart by account, if that is wanted.
    pub(crate) fn check(&self, shape: &Shape) -> Result<(), Error> {
        if self.accounts.is_empty() || shape.columns().contains(&ACCOUNT) {
            return Ok(());
        }
        Err(Error::Value {
            name: "scope",
            reason: format!("it names accounts, and these records have no field {ACCOUNT}"),
        })
    }

    /// Whether an object may have records in the scope, by its key.
    pub(crate) fn may_have(&self, key: &str) -> bool {
        let Place { account, region } = Place::of(key);
        let fits = |wanted: &[String], found: Option<&str>| {
            wanted.is_empty()
                || found.is_none_or(|found| wanted.iter().any(|wanted| wanted == found))
        };
        fits(&self.accounts, account) && fits(&self.regions, region)
    }

    /// The accounts to which the records of an object must belong, unless its key says it.
    pub(crate) fn accounts_in(&self, key: &str) -> &[String] {
        match Place::of(key).account {
            Some(_) => &[],
            None => &self.accounts,
        }
    }

    /// The regions to which the records of an object must belong, unless its key says it.
    pub(crate) fn regions_in(&self, key: &str) -> &[String] {
        match Place::of(key).region {
            Some(_) => &[],
            None => &self.regions,
        }
    }
}

impl<'a> Place<'a> {
    /// Reads a name such as `123456789012_vpcflowlogs_eu-west-1_fl-1_20261125T0705Z_0a1b2c3d.log.gz`
    /// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>).
    pub(super) fn of(key: &'a str) -> Self {
        let name = key.rsplit('/').next().unwrap_or(key);
        let mut parts = name.split('_');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(account), Some(_), Some(region), Some(_))
                if is_account(account) && is_region(region) =>
            {
                Self {
                    account: Some(account),
                    region: Some(region),
                }
            }
            _ => Self::default(),
        }
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut scope = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            if is_account(part) {
                scope.accounts.push(part.to_owned());
            } else if is_region(part) {
                scope.regions.push(part.to_owned());
            } else {
                return Err(Error::Value {
                    name: "scope",
                    reason: format!(
                        "{part:?} is neither an account of 12 digits nor a region such as eu-west-1"
                    ),
                });
            }
        }
        for names in [&mut scope.accounts, &mut scope.regions] {
            names.sort_unstable();
            names.dedup();
        }
        Ok(scope)
    }
}

impl TryFrom<String> for Scope {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = (self.accounts.iter().chain(&self.regions))
            .map(String::as_str)
            .collect();
        f.write_str(&names.join(","))
    }
}
