//! The keys of a flow log's files, as AWS names them
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html>).

use jiff::Timestamp;
use rehose_extract::merge::FlowLogFile;
use rehose_store::StoreName;
use uuid::Uuid;

use super::generation::GenerationId;
use crate::error::{Error, Result};
use crate::task::TaskId;

/// The folder of the files of flow logs.
pub const FLOW_LOGS: &str = "AWSLogs/";

/// The namespace of ids of flow logs and of hashes in names: a UUID that nothing else uses.
const NAMESPACE: Uuid = Uuid::from_u128(0x1f6c_43b7_8d0e_4c57_b2a4_96e3_50d1_7e8a);

/// The hexadecimal digits of a flow log's id, after `fl-`.
const ID_DIGITS: usize = 17;

/// The hexadecimal digits at the end of a name. AWS has eight. In a large hour, thousands of tasks write a file of
/// the same window, and two of them would have the same eight digits.
const HASH_DIGITS: usize = 16;

/// The names of the files that a task writes.
#[derive(Debug)]
pub(crate) struct FlowLogNames {
    hive: bool,
    /// The id of the flow log.
    id: String,
    /// What tells the files of a task from those of all others.
    task: String,
}

impl FlowLogNames {
    pub(crate) fn new(
        hive: bool,
        source: &StoreName,
        generation: GenerationId,
        task: TaskId,
    ) -> Self {
        let part = task
            .part()
            .map(|part| format!(".{}-{}", part.start, part.end));
        Self {
            hive,
            id: digits(source.as_str(), ID_DIGITS),
            task: format!("{generation}/{}{}", task.task, part.unwrap_or_default()),
        }
    }

    /// The key of a file, which is the task's file of this number.
    pub(crate) fn key(&self, file: &FlowLogFile, number: usize) -> Result<String> {
        let FlowLogFile {
            account, region, ..
        } = file;
        let begin = Timestamp::from_second(file.window).map_err(|error| Error::Internal {
            what: format!("naming a file of a flow log of {account}"),
            reason: error.to_string(),
        })?;
        let folder = match self.hive {
            false => format!(
                "{account}/vpcflowlogs/{region}/{}",
                begin.strftime("%Y/%m/%d")
            ),
            true => format!(
                "aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/{}",
                begin.strftime("year=%Y/month=%m/day=%d")
            ),
        };
        let time = begin.strftime("%Y%m%dT%H%MZ");
        let (id, hash) = (
            &self.id,
            digits(&format!("{}/{number}", self.task), HASH_DIGITS),
        );
        Ok(format!(
            "{FLOW_LOGS}{folder}/{account}_vpcflowlogs_{region}_fl-{id}_{time}_{hash}.log.gz"
        ))
    }
}

/// The key of a file once it is published, of that before.
pub(super) fn published_key(unpublished: &str) -> Option<&str> {
    let at = unpublished.find(&format!("/{FLOW_LOGS}"))?;
    unpublished.get(at + 1..)
}

/// The first hexadecimal digits of a text's UUID.
fn digits(text: &str, count: usize) -> String {
    let id = Uuid::new_v5(&NAMESPACE, text.as_bytes());
    id.simple().to_string().chars().take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(hive: bool) -> FlowLogNames {
        let source = StoreName::of_bucket("stash");
        let generation = "2026-11-25/07/0001".parse().unwrap();
        FlowLogNames::new(hive, &source, generation, TaskId::new(0, 3))
    }

    fn file() -> FlowLogFile {
        FlowLogFile {
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            window: 1_795_590_300,
        }
    }

    #[test]
    fn keys_are_those_of_aws() {
        let key = names(false).key(&file(), 0).unwrap();
        let name = key.strip_prefix("AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/11/25/");
        let name = name.unwrap();
        assert!(
            name.starts_with("123456789012_vpcflowlogs_eu-west-1_fl-"),
            "{name}"
        );
        let parts: Vec<&str> = name.split('_').collect();
        assert_eq!(parts[3].len(), "fl-".len() + 17);
        assert_eq!(parts[4], "20261125T0705Z");
        assert_eq!(parts[5].len(), 16 + ".log.gz".len());
        let hive = names(true).key(&file(), 0).unwrap();
        let folder = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/\
                      aws-region=eu-west-1/year=2026/month=11/day=25";
        assert_eq!(hive, format!("{folder}/{name}"));
    }

    #[test]
    fn files_of_a_window_have_different_names() {
        let key = names(false).key(&file(), 0).unwrap();
        assert_ne!(names(false).key(&file(), 1).unwrap(), key);
        assert_eq!(names(false).key(&file(), 0).unwrap(), key);
    }

    #[test]
    fn an_unpublished_file_says_where_it_is_published() {
        let key = names(false).key(&file(), 0).unwrap();
        let unpublished = format!("unpublished/job/00000000-0003-0a1b/{key}");
        assert_eq!(published_key(&unpublished), Some(&*key));
        assert_eq!(
            published_key("unpublished/job/00000000-0003-0a1b.parquet"),
            None
        );
    }
}
