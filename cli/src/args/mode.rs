//! The option `--mode`.

use clap::ValueEnum;
use rehose_reprocess::job::Mode;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ModeName {
    /// Every object
    All,
    /// Only objects without output, or newer than theirs
    Missing,
}

impl ModeName {
    pub(crate) fn mode(self) -> Mode {
        match self {
            Self::All => Mode::All,
            Self::Missing => Mode::Missing,
        }
    }
}
