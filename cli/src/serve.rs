//! `rehose serve`: the HTTP API over an output, with jobs in this process.

mod jobs;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rehose_api::{Api, Defaults, Jobs, Limits, Metrics, router};
use rehose_extract::Compression;
use rehose_reprocess::digest::Digests;
use rehose_reprocess::error::{Error, ErrorKind, Result};
use rehose_reprocess::local::LocalJobs;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use self::jobs::OwnJobs;
use crate::args::serve::ServeArgs;
use crate::console::{print, print_error};
use crate::exit::{FAILED, SUCCEEDED, USAGE};
use crate::opened::{self, Opened};

/// How long requests may take to end after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until a signal ends it, and returns the exit status.
pub(crate) async fn serve(args: Box<ServeArgs>) -> u8 {
    log_as_json();
    match run(&args).await {
        Ok(()) => SUCCEEDED,
        Err(error) => {
            print_error(&error);
            match error.kind() {
                ErrorKind::InvalidInput => USAGE,
                ErrorKind::Transient | ErrorKind::Failed => FAILED,
            }
        }
    }
}

/// Writes logs to standard error, at the level that `RUST_LOG` names or `info`.
fn log_as_json() {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // With `RUST_LOG`, every command has set it up already.
    let _already = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(level)
        .with_writer(io::stderr)
        .try_init();
}

async fn run(args: &ServeArgs) -> Result<()> {
    let limits = Limits {
        hosts: Some(hosts(args)?),
        ..Limits::default()
    };
    let stash = &args.stash;
    let options = stash.options().with_defaults();
    options.compile()?;
    let Opened {
        source,
        output,
        folder,
        limits: of_jobs,
    } = opened::open(stash, false).await?;
    let listener = listen(args.listen).await?;
    let _lock = folder.map(|folder| folder.lock()).transpose()?;
    let metrics = Arc::new(Metrics::default());
    let digests = Digests::new(Arc::clone(&output), vec![source.clone()]);
    let defaults = Defaults {
        source: source.name(),
        prefix: stash.prefix(),
        exclude: stash.acceptance.exclude.clone(),
        errors: stash.acceptance.errors().unwrap_or_default(),
        max_rejected: stash.acceptance.max_rejected().unwrap_or_default(),
        layout: args.layout(),
        lateness: args.lateness.saturating_mul(60),
        options,
    };
    let local = LocalJobs {
        source,
        output: Arc::clone(&output),
        compression: Compression::default(),
        limits: of_jobs,
    };
    let jobs = Arc::new(OwnJobs::new(local, digests.clone(), Arc::clone(&metrics)));
    jobs.resume().await?;
    let api = Api {
        output,
        digests,
        jobs: Arc::clone(&jobs) as Arc<dyn Jobs>,
        defaults,
    };
    let address = listener.local_addr().map_err(cannot_listen(args.listen))?;
    print(&format!("listening on http://{address}"));
    let result = answer(listener, router(api, limits, Some(metrics))).await;
    jobs.stop().await;
    result.map_err(cannot_listen(address))
}

/// The names by which clients call the service.
fn hosts(args: &ServeArgs) -> Result<Vec<String>> {
    let ip = args.listen.ip();
    if ip.is_unspecified() && args.host.is_empty() {
        return Err(Error::Value {
            name: "--listen",
            reason: format!(
                "{ip} is every address of this machine, and there is no access control; name the hosts by which \
                 clients may call it with --host, or take 127.0.0.1"
            ),
        });
    }
    let own = match args.listen {
        SocketAddr::V4(_) => ip.to_string(),
        SocketAddr::V6(_) => format!("[{ip}]"),
    };
    let own = ["localhost".to_owned(), own].into_iter();
    Ok(own.chain(args.host.iter().cloned()).collect())
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(cannot_listen(address))
}

fn cannot_listen(address: SocketAddr) -> impl Fn(io::Error) -> Error {
    move |error| Error::Internal {
        what: format!("listening on {address}"),
        reason: format!("{error}; take another address with --listen"),
    }
}

/// Answers requests until a signal, and then those that have begun.
async fn answer(listener: TcpListener, router: axum::Router) -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let server =
        axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    let server = tokio::spawn(async move { server.await });
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
    stop.cancel();
    match timeout(GRACE, server).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(panicked)) => Err(io::Error::other(panicked)),
        // A client that does not read its answer.
        Err(_) => Ok(()),
    }
}
