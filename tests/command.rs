//! The command, and what it says.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything here takes on a busy machine: to wait longer is to wait for ever.
const PATIENCE: Duration = Duration::from_secs(120);

/// The built command.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let binary = profile.join("rehose");
    assert!(
        binary.exists(),
        "{} is not there: run `cargo build --workspace` first",
        binary.display()
    );
    binary
}

/// A command line that is yet to be run.
pub fn rehose(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(binary());
    command.args(args).env_remove("RUST_LOG");
    command
}

/// `rehose run SOURCE OUTPUT`, with options.
pub fn run(source: &Path, output: &Path, options: &[&str]) -> Said {
    said(rehose(["run".as_ref(), source.as_os_str(), output.as_os_str()]).args(options))
}

/// What a command has said, and its exit status.
#[derive(Debug)]
pub struct Said {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Makes sure of the exit status.
    #[track_caller]
    pub fn with_status(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self:#?}");
        self
    }

    /// The last line on standard error: what to do next.
    #[track_caller]
    pub fn last_line(&self) -> &str {
        self.err
            .lines()
            .last()
            .unwrap_or_else(|| panic!("nothing on standard error: {self:#?}"))
    }

    /// The report that `--json` prints.
    #[track_caller]
    pub fn report(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            status: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// Runs a command to its end.
pub fn said(command: &mut Command) -> Said {
    command.output().unwrap().into()
}

/// Starts a command whose words will be asked for.
pub fn start(command: &mut Command) -> Child {
    (command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped()))
    .spawn()
    .unwrap()
}

/// Sends a signal to a process.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success(), "SIG{name} was not sent");
}

/// Waits until something is so.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited too long for {what}");
        sleep(Duration::from_millis(1));
    }
}

/// A command for which permissions count. For root they do not, unless it gives up its powers.
pub fn powerless(command: &Command) -> Command {
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let mut powerless = if is_root {
        let mut setpriv = Command::new("setpriv");
        setpriv
            .args(["--inh-caps=-all", "--bounding-set=-all"])
            .arg(command.get_program());
        setpriv
    } else {
        Command::new(command.get_program())
    };
    powerless.args(command.get_args());
    powerless
}
