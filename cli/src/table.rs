//! `rehose table`: prints an Athena table over an output as a statement, or the tables of a stack as
//! JSON.

use rehose_catalog::{Layout, LayoutError, Per, Table, TableLocation, View, Zone};
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
            print_error(&format!("--layout: {} {error}", args.layout()));
            USAGE
        }
    }
}

fn print_statement(
    args: &TableArgs,
    shape: &Shape,
    location: &Location,
) -> Result<(), LayoutError> {
    let mut layout = args.layout();
    for Partition { column, values } in &args.partitions {
        layout = layout.with_values(column, values.iter().cloned())?;
    }
    let location = TableLocation {
        output: &format!("{}/", location.to_string().trim_end_matches('/')),
        prefix: &args.prefix,
        layout: &layout,
        zone: args.time_zone,
        since: &layout.value(args.since),
        since_day: &args.since.date().to_string(),
    };
    let per = args.per.per();
    let mut table = match args.table {
        TableChoice::Rows => Table::rows(shape, location)?,
        TableChoice::Rejected => Table::rejected(shape, location),
        TableChoice::Receipts => Table::receipts(location),
        TableChoice::Merged => Table::merged(shape, location, per)?,
        TableChoice::Generations => Table::generations(location, per),
        TableChoice::All => return print_view(args, shape, location),
    };
    if let Some(name) = &args.name {
        table.name.clone_from(name);
    }
    print(&format!("{};", table.ddl(args.database.as_deref())));
    Ok(())
}

/// The tables of merged rows, unless the rows have columns with the names of their partitions.
fn merging(shape: &Shape, location: TableLocation<'_>, per: Per) -> Option<[Table; 2]> {
    let merged = Table::merged(shape, location, per).ok()?;
    Some([merged, Table::generations(location, per)])
}

/// Prints the view of all rows.
fn print_view(
    args: &TableArgs,
    shape: &Shape,
    location: TableLocation<'_>,
) -> Result<(), LayoutError> {
    let per = args.per.per();
    let rows = Table::rows(shape, location)?;
    let merged = Table::merged(shape, location, per)?;
    let view = View::new(&rows, &merged, location.layout, per)?;
    let view = View {
        name: args.name.clone().unwrap_or(view.name),
        ..view
    };
    print(&format!("{};", view.ddl(args.database.as_deref())));
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
        since_day: "{since_day}",
    };
    print_json(&json!({
        "options": args.options(),
        "tables": [
            Table::rows(shape, location)?,
            Table::rejected(shape, location),
            Table::receipts(location),
        ],
        "merging": {
            "hour": merging(shape, location, Per::Hour),
            "day": merging(shape, location, Per::Day),
        },
    }));
    Ok(())
}
