//! The arguments of `rehose completions` and `rehose man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(rehose completions bash)
  rehose completions zsh > _rehose")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rehose man man/man1 && MANPATH=man man rehose-run")]
pub(crate) struct ManArgs {
    /// The folder that gets a page for the command and for each subcommand
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}
