//! `rehose completions` and `rehose man`: what the shell and `man` know of the command.

use clap::CommandFactory;

use crate::args::Args;
use crate::args::manual::{CompletionsArgs, ManArgs};
use crate::console::{print, print_error};
use crate::exit::{FAILED, SUCCEEDED};

/// Prints the script that completes the command's arguments in a shell.
pub(crate) fn print_completions(args: &CompletionsArgs) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "rehose", &mut script);
    print(&String::from_utf8_lossy(&script));
    SUCCEEDED
}

/// Writes a page for the command and for each subcommand.
pub(crate) fn write_pages(args: &ManArgs) -> u8 {
    let folder = &args.folder;
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Args::command(), folder));
    match written {
        Ok(()) => SUCCEEDED,
        Err(error) => {
            let folder = folder.display();
            print_error(&format!("cannot write pages into {folder}: {error}"));
            FAILED
        }
    }
}
