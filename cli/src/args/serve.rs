//! The arguments of `rehose serve`.

use std::net::SocketAddr;

use clap::Args;
use rehose_catalog::Layout;

use crate::args::prefix::parse_layout;
use crate::args::stash::StashArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status:
  0  ended by a signal; digests in progress continue with the next start
  1  cannot serve; the last line says what to do
  2  invalid arguments

Examples:
  rehose serve tests/data/stash out
  rehose serve s3://stash/vpc/ s3://athena/vpc --listen 127.0.0.1:9000")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) stash: StashArgs,
    /// The address and port to listen on; port 0 for any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// A name by which clients call this service, besides localhost and the address. May be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Vec<String>,
    /// The folders with the time in the keys of SOURCE [default: as for `rehose table`]
    #[arg(long, value_parser = parse_layout)]
    layout: Option<Layout>,
    /// Minutes after a window in which its records may still arrive
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    pub(crate) lateness: u32,
}

impl ServeArgs {
    /// The layout of the source keys.
    pub(crate) fn layout(&self) -> Layout {
        let layout = self.layout.clone();
        layout.unwrap_or_else(|| Layout::usual(self.stash.options().format_name()))
    }
}
