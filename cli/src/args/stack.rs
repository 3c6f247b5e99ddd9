//! The options that name the deployed stack.

use std::fmt;

use clap::Args;
use rehose_store::location::Location;

use crate::args::prefix::parse_location;

/// The default name of the stack, also in `infra/`.
const DEFAULT_STACK: &str = "rehose";

#[derive(Debug, Clone, Args)]
pub(crate) struct StackArgs {
    /// The name of the deployed stack
    #[arg(long, env = "REHOSE_STACK", default_value = DEFAULT_STACK, value_name = "NAME")]
    pub(crate) stack: String,
    /// The state machine, if it is not the stack's
    #[arg(long, env = "REHOSE_STATE_MACHINE", value_name = "ARN")]
    pub(crate) state_machine: Option<String>,
    /// The output with the job's ledger, if it is not the stack's. For `rehose report` also a folder that
    /// `rehose run` wrote
    #[arg(long, env = "REHOSE_OUTPUT", value_name = "s3://BUCKET/PREFIX",
          value_parser = parse_location)]
    pub(crate) output: Option<Location>,
}

impl StackArgs {
    /// Whether the ledger is in a folder that `rehose run` wrote.
    pub(crate) fn is_folder(&self) -> bool {
        matches!(self.output, Some(Location::Folder(_)))
    }
}

impl fmt::Display for StackArgs {
    /// Writes the options to repeat in the next command, each after a space.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stack != DEFAULT_STACK {
            write!(f, " --stack {}", self.stack)?;
        }
        if let Some(machine) = &self.state_machine {
            write!(f, " --state-machine {machine}")?;
        }
        if let Some(output) = &self.output {
            write!(f, " --output {output}")?;
        }
        Ok(())
    }
}
