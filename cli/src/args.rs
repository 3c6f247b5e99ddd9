//! The command line: the subcommands and their help.
//!
//! Each subcommand has its arguments in a file under `args/`, which the code of the subcommand
//! imports.

pub(crate) mod acceptance;
pub(crate) mod cat;
pub(crate) mod digest;
pub(crate) mod format;
pub(crate) mod inspect;
pub(crate) mod job;
pub(crate) mod manual;
pub(crate) mod merge;
pub(crate) mod merged;
pub(crate) mod mode;
pub(crate) mod operate;
pub(crate) mod prefix;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod serve;
pub(crate) mod stack;
pub(crate) mod stash;
pub(crate) mod table;

use clap::{Parser, Subcommand};

use cat::CatArgs;
use digest::DigestArgs;
use inspect::InspectArgs;
use manual::{CompletionsArgs, ManArgs};
use merge::MergeArgs;
use merged::{MergedArgs, VerifyArgs};
use operate::Operation;
use run::RunArgs;
use sample::SampleArgs;
use serve::ServeArgs;
use table::TableArgs;

/// Converts logs that Firehose or AWS wrote to S3 into CSV.gz or Parquet for Athena, and proves that no
/// event is missing.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at a stash, and print the commands that convert it
    ///
    /// Lists the whole stash, reads the beginnings of a few objects, and writes nothing.
    Inspect(InspectArgs),
    /// Convert every object of a stash on this machine
    ///
    /// SOURCE is a folder or s3://bucket/prefix with objects as Firehose writes them. They may be
    /// compressed once, twice or not at all, and have any name. For each object, OUTPUT gets
    /// csv/<key>.csv.gz with its rows. Events that do not fit the format go to
    /// rejected/<key>.jsonl.gz. When the job has ended, jobs/<job>/report.json accounts for every
    /// object and every event.
    ///
    /// To continue an interrupted run, run the same command with its --job.
    Run(Box<RunArgs>),
    /// Merge the objects of each hour into few Parquet files
    ///
    /// SOURCE is a stash as for `rehose run`, whose keys have the hour or the day. For each hour that has
    /// closed, OUTPUT gets merged/day=<day>/hour=<hour>/<generation>-<task>.parquet. Records of a flow that
    /// continue each other become one row; its last column says how many. Objects that come later are
    /// merged by the next merge, into a file of their own. When the job has ended, its report shows that
    /// records, packets and bytes are the same in the objects and in the files.
    ///
    /// To continue an interrupted merge, run the same command with its --job.
    Merge(Box<MergeArgs>),
    /// Make a small table of a time window, with a row for each conversation
    ///
    /// SOURCE is a stash of flow logs as for `rehose merge`. The records that start in the window are added up by
    /// the sides of their conversations, whichever objects they are in. OUTPUT gets digests/<id>/<version>.parquet
    /// and, when it is in place, its proof <version>.json. The same window, options and source have the same id,
    /// so a digest that is there is not made again.
    ///
    /// To continue an interrupted digest, run the same command.
    Digest(Box<DigestArgs>),
    /// Answer over HTTP: digests on request, jobs, merged hours, and a page that shows them
    ///
    /// Digests are made in this process. GET /openapi.json describes all calls. There is no access control:
    /// whoever can reach the address can read and request everything, so it listens on this machine only,
    /// unless --listen says otherwise.
    Serve(Box<ServeArgs>),
    /// List the hours that are merged: files, rows, records and bytes
    Merged(MergedArgs),
    /// Prove that merged files have what their objects have, from the bytes of both
    ///
    /// Reads the files and the stash again, and compares the records, packets and bytes of each hour.
    Verify(VerifyArgs),
    /// Print the rows of files that rehose wrote, as CSV or JSON
    ///
    /// The bytes of each file say whether it is CSV.gz or Parquet; both print the same, with the names
    /// that the columns have in tables. The files of a folder, and those under an s3:// prefix, are
    /// printed in the order of their keys; of an output, the files of rows.
    Cat(CatArgs),
    /// Print the statement that creates an Athena table over an output
    ///
    /// The database of a deployed stack already has these tables. Use this command for another
    /// catalog, or for an output of `rehose run`. Give the same format options as for the output.
    Table(TableArgs),
    #[command(flatten)]
    Operate(Operation),
    /// Write a realistic sample stash
    ///
    /// The same seed gives the same bytes on every machine.
    Sample(SampleArgs),
    /// Print the script that completes arguments in a shell
    Completions(CompletionsArgs),
    /// Write manual pages
    Man(ManArgs),
}
