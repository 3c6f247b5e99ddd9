//! `rehose cat`: prints the rows of files that rehose wrote.
//!
//! ```text
//! locations ──► files ──┬► csv_file ───────────┬► Session ──► Printer ──► standard output
//!                       └► parquet_file, chunk ┘  columns,    CSV, JSON
//!                                                 conditions
//! ```

mod chunk;
mod columns;
mod condition;
mod csv_file;
mod error;
mod files;
mod hybrid;
mod output;
mod pages;
mod parquet_file;
mod session;
mod sums;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use futures::TryStreamExt;

pub(crate) use self::error::CatError;
use self::error::Problem;
use self::files::{File, Kind};
use self::session::Session;
pub(crate) use self::sums::{ColumnSums, sum_columns};
use crate::args::cat::CatArgs;
use crate::console::{print_error, print_note};
use crate::exit::SUCCEEDED;

/// Prints the rows and returns the exit status.
pub(crate) async fn cat(args: CatArgs) -> u8 {
    let mut session = Session::new(&args, io::stdout());
    match print_files(&args, &mut session).await {
        Ok(()) => {
            if let Some(note) = session.note() {
                print_note(&note);
            }
            SUCCEEDED
        }
        // The reader has closed the pipe and wants no more.
        Err(CatError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => SUCCEEDED,
        Err(error) => {
            print_error(&error);
            error.status()
        }
    }
}

async fn print_files(args: &CatArgs, session: &mut Session<io::Stdout>) -> Result<(), CatError> {
    let mut files = std::pin::pin!(files::open(&args.files).await);
    let mut result = Ok(());
    while result.is_ok()
        && let Some(file) = files.try_next().await.transpose()
    {
        result = match file {
            Ok(file) => print_file(&file, session).await,
            Err(error) => Err(error),
        };
    }
    // The rows before an error are right. They come before it on a terminal, too.
    session.flush().map_err(CatError::Output)?;
    result
}

async fn print_file(file: &File, session: &mut Session<impl Write>) -> Result<(), CatError> {
    let printed = match file.kind().await {
        Ok(Kind::Csv) => csv_file::print(file, session).await,
        Ok(Kind::Parquet) => parquet_file::print(file, session).await,
        Err(problem) => Err(problem),
    };
    let printed = printed.and_then(|()| session.end_file().map_err(Problem::Output));
    printed.map_err(|problem| CatError::of(file, problem))
}
