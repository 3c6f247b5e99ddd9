//! `rehose table`: prints an Athena table over an output as a statement, or the tables of a stack as
//! JSON.

use rehose_catalog::{Layout, LayoutError, Table, TableLocation, Zone};
use rehose_extract::Shape;
use rehose_store::location::Location;
use serde_json::json;

use crate::args::format::describe_options_error;
use crate::args::table::{Partition, TableArgs, TableChoice};
use crate::console::{print, print_error, print_json};
use crate::exit::{SUCCEEDED, USAGE};

/// Prints the table and returns the exit status.
pub(crate) fn print_table(args: &TableArgs) -> u8 {
    let shape = match args.options().compile() {
        Ok(shape) => shape,
        Err(error) => {
            print_error(&describe_options_error(&error));
            return USAGE;
        }
    };
    let printed = match &args.location {
        None => print_for_stack(args, &shape),
        Some(location @ Location::S3 { .. }) => print_statement(args, &shape, location),
        Some(location) => {
            print_error(&format!(
                "--location: {location} is a folder, which Athena cannot read; copy it to a bucket \
                 and give s3://bucket/prefix"
            ));
            return USAGE;
        }
    };
    match printed {
        Ok(()) => SUCCEEDED,
        Err(error) => {
            print_error(&format!("--layout: {} {error}", args.layout));
            USAGE
        }
    }
}

fn print_statement(
    args: &TableArgs,
    shape: &Shape,
    location: &Location,
) -> Result<(), LayoutError> {
    let mut layout = args.layout.clone();
    for Partition { column, values } in &args.partitions {
        layout = layout.with_values(column, values.iter().cloned())?;
    }
    let location = TableLocation {
        output: &format!("{}/", location.to_string().trim_end_matches('/')),
        prefix: &args.prefix,
        layout: &layout,
        zone: args.time_zone,
        since: &layout.value(args.since),
    };
    let mut table = match args.table {
        TableChoice::Rows => Table::rows(shape, location)?,
        TableChoice::Rejected => Table::rejected(location),
        TableChoice::Receipts => Table::receipts(location),
    };
    if let Some(name) = &args.name {
        table.name.clone_from(name);
    }
    print(&format!("{};", table.ddl(args.database.as_deref())));
    Ok(())
}

/// Prints the tables with placeholders, which the stack fills in. It also puts its own layout in place of
/// the default.
fn print_for_stack(args: &TableArgs, shape: &Shape) -> Result<(), LayoutError> {
    let location = TableLocation {
        output: "{output}",
        prefix: "{prefix}",
        layout: &Layout::default(),
        zone: Zone::default(),
        since: "{since}",
    };
    print_json(&json!({
        "options": args.options(),
        "tables": [
            Table::rows(shape, location)?,
            Table::rejected(location),
            Table::receipts(location),
        ],
    }));
    Ok(())
}
