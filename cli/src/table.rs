//! `rehose table`: the statement that creates a table over an output.

use rehose_catalog::{Table, TableLocation};
use rehose_store::location::Location;

use crate::args::{TableArgs, TableName};
use crate::run::in_flags;
use crate::{SUCCEEDED, USAGE, complain, say};

/// Prints it and returns the exit status.
pub(crate) fn print(args: &TableArgs) -> u8 {
    let Location::S3 { .. } = &args.location else {
        complain(&format!(
            "--location: {} is a folder, where Athena cannot read; copy it to a bucket and name \
             that as s3://bucket/prefix",
            args.location
        ));
        return USAGE;
    };
    let shape = match args.format.options().compile() {
        Ok(shape) => shape,
        Err(error) => {
            complain(&in_flags(&error));
            return USAGE;
        }
    };
    let place = TableLocation {
        output: &format!("{}/", args.location.to_string().trim_end_matches('/')),
        prefix: &args.prefix,
        since: &args.since,
    };
    let mut table = match args.table {
        TableName::Rows => Table::rows(&shape, place),
        TableName::Rejected => Table::rejected(place),
        TableName::Receipts => Table::receipts(place),
    };
    if let Some(name) = &args.name {
        table.name.clone_from(name);
    }
    say(&format!("{};", table.ddl(args.database.as_deref())));
    SUCCEEDED
}
