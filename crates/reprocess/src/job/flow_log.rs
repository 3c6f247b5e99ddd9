//! A merge whose files are those of a flow log, as AWS writes them.

use rehose_extract::Shape;
use rehose_extract::merge::{Home, check_flow_log, is_account, is_region, region_in};
use serde::{Deserialize, Serialize};

use super::scope::Place;
use crate::error::Error;

/// How the files of a flow log are named, and whose the records are that do not say it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FlowLog {
    /// Whether the folders of keys have names, as query engines find partitions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hive: bool,
    /// The account of records whose fields, envelopes and keys say none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The region of records whose fields, log streams and keys say none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl FlowLog {
    /// Checks settings before anything is written.
    pub(super) fn check(&self, shape: &Shape) -> Result<(), Error> {
        check_flow_log(shape).map_err(|reason| value("flow_log", reason))?;
        if let Some(account) = self.account.as_deref().filter(|text| !is_account(text)) {
            let reason = format!("{account:?} is no account, which has 12 digits");
            return Err(value("account", reason));
        }
        if let Some(region) = self.region.as_deref().filter(|text| !is_region(text)) {
            let reason = format!("{region:?} is no region such as eu-west-1");
            return Err(value("region", reason));
        }
        Ok(())
    }

    /// Checks that the region of records without any is known, by the first key of a stash.
    pub(crate) fn check_region(&self, key: &str) -> Result<(), Error> {
        match self.home_of(key).region {
            Some(_) => Ok(()),
            None => Err(value(
                "region",
                format!(
                    "name the region of records that do not say theirs, as NODATA records do not: the key \
                     {key:?} names none"
                ),
            )),
        }
    }

    /// Where the records of an object belong that do not say it themselves.
    pub(crate) fn home_of(&self, key: &str) -> Home {
        let Place { account, region } = Place::of(key);
        let in_key = Home {
            account: account
                .or_else(|| account_in_folders(key))
                .map(str::to_owned),
            region: region.or_else(|| region_in(key)).map(str::to_owned),
        };
        in_key.or(&Home {
            account: self.account.clone(),
            region: self.region.clone(),
        })
    }
}

/// The account in folders such as `AWSLogs/123456789012/`, with or without names
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>).
fn account_in_folders(key: &str) -> Option<&str> {
    let (_, folders) = key.rsplit_once("AWSLogs/")?;
    let folder = folders.split('/').next()?;
    let account = folder.strip_prefix("aws-account-id=").unwrap_or(folder);
    is_account(account).then_some(account)
}

fn value(name: &'static str, reason: String) -> Error {
    Error::Value { name, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_where_records_belong() {
        let settings = FlowLog {
            account: Some("000000000001".to_owned()),
            region: Some("us-east-1".to_owned()),
            ..FlowLog::default()
        };
        for (key, account, region) in [
            ("2026/11/25/07/stash-1-x", "000000000001", "us-east-1"),
            ("vpc/eu-west-1/2026/11/25/07/x", "000000000001", "eu-west-1"),
            ("202611250712/x", "000000000001", "us-east-1"),
            (
                "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/25/x",
                "123456789012",
                "eu-west-1",
            ),
            (
                "a/AWSLogs/aws-account-id=123456789012/aws-region=eu-west-1/x",
                "123456789012",
                "eu-west-1",
            ),
            (
                "x/123456789012_vpcflowlogs_ap-south-2_fl-1_20261125T0705Z_0a.log.gz",
                "123456789012",
                "ap-south-2",
            ),
            ("AWSLogs/../../x", "000000000001", "us-east-1"),
        ] {
            let home = settings.home_of(key);
            let found = (home.account.as_deref(), home.region.as_deref());
            assert_eq!(found, (Some(account), Some(region)), "{key}");
        }
    }
}
