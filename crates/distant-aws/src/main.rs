//! Serves folders as buckets, until its standard input ends:
//!
//! ```text
//! distant-aws BUCKET=FOLDER …
//! ```
//!
//! The first line on standard output is its URL.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use rehose_distant_aws::{Server, folder};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

// One thread: the client that is measured needs the other cores.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("distant-aws: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> io::Result<()> {
    let server = Server::default();
    for argument in std::env::args().skip(1) {
        let Some((bucket, path)) = argument.split_once('=') else {
            let reason = format!("{argument:?}; BUCKET=FOLDER would be right");
            return Err(io::Error::other(reason));
        };
        server.fill(bucket, folder::read(Path::new(path))?);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(io::stdout(), "http://{}", listener.local_addr()?)?;
    tokio::select! {
        result = server.serve(listener) => result,
        _ = input_ended() => Ok(()),
    }
}

/// Ends with standard input, and so with the process that holds its other end, however that ends.
fn input_ended() -> oneshot::Receiver<()> {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        // An error ends it too.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        ended.send(())
    });
    end
}
