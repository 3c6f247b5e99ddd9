//! `rehose table`: prints an Athena table over an output, as a statement or as JSON.

use rehose_catalog::{Table, TableLocation};
use rehose_store::location::Location;

use crate::args::format::describe_options_error;
use crate::args::table::{TableArgs, TableChoice};
use crate::console::{print, print_error, print_json};
use crate::exit::{SUCCEEDED, USAGE};

/// Prints the table and returns the exit status.
pub(crate) fn print_table(args: &TableArgs) -> u8 {
    let Location::S3 { .. } = &args.location else {
        print_error(&format!(
            "--location: {} is a folder, which Athena cannot read; copy it to a bucket and give \
             s3://bucket/prefix",
            args.location
        ));
        return USAGE;
    };
    let shape = match args.format.options().compile() {
        Ok(shape) => shape,
        Err(error) => {
            print_error(&describe_options_error(&error));
            return USAGE;
        }
    };
    let place = TableLocation {
        output: &format!("{}/", args.location.to_string().trim_end_matches('/')),
        prefix: &args.prefix,
        since: &args.since,
    };
    let mut table = match args.table {
        TableChoice::Rows => Table::rows(&shape, place),
        TableChoice::Rejected => Table::rejected(place),
        TableChoice::Receipts => Table::receipts(place),
    };
    if let Some(name) = &args.name {
        table.name.clone_from(name);
    }
    match args.json {
        true => print_json(&table),
        false => print(&format!("{};", table.ddl(args.database.as_deref()))),
    }
    SUCCEEDED
}
