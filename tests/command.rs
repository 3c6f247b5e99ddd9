//! The `rehose` command: how tests run it, and its output.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Deserializer, Value};

/// Longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A build of the command.
pub struct Rehose {
    binary: Cow<'static, str>,
}

impl Rehose {
    /// The command at a path. Tests of the package `rehose` get it from Cargo, which builds the command
    /// for them: `env!("CARGO_BIN_EXE_rehose")`.
    pub const fn at(binary: &'static str) -> Self {
        Self {
            binary: Cow::Borrowed(binary),
        }
    }

    /// The command as the workspace was last built, for tests of other packages. See [`built`].
    pub fn built() -> Self {
        let binary = built("rehose").to_str().unwrap().to_owned();
        Self {
            binary: Cow::Owned(binary),
        }
    }

    /// The path of the command.
    pub fn binary(&self) -> &Path {
        Path::new(&*self.binary)
    }

    /// A command line with these arguments.
    pub fn command(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(self.binary());
        command.args(args).env_remove("RUST_LOG");
        command
    }

    /// Runs `rehose run SOURCE OUTPUT` with options.
    pub fn run(&self, source: &Path, output: &Path, options: &[&str]) -> Finished {
        let mut command = self.command(["run".as_ref(), source.as_os_str(), output.as_os_str()]);
        finish(command.args(options))
    }

    /// Runs `rehose sample` with options, which writes a stash into a folder.
    pub fn sample(&self, folder: &Path, options: &[&str]) {
        finish(self.command(["sample"]).arg(folder).args(options)).with_status(0);
    }
}

/// A binary of the workspace, found next to the running test.
///
/// Cargo does not build the binaries of other packages for a test. So this panics if the binary is
/// missing, or if one of its sources is newer: `cargo build --workspace` builds it.
#[track_caller]
pub fn built(name: &str) -> PathBuf {
    const ADVICE: &str = "run `cargo build --workspace` first";
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let binary = profile.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let modified = |path: &Path| -> io::Result<SystemTime> { fs::metadata(path)?.modified() };
    // `cargo build` writes the sources of a binary into a file next to it, as a rule of make.
    let rule = fs::read_to_string(profile.join(format!("{name}.d")));
    let (Ok(built), Ok(rule)) = (modified(&binary), rule) else {
        panic!("{} is missing: {ADVICE}", binary.display());
    };
    let (_, sources) = rule.split_once(": ").unwrap();
    let sources = sources.trim_end().replace("\\ ", "\0");
    for source in sources.split(' ').map(|source| source.replace('\0', " ")) {
        let is_current = modified(Path::new(&source)).is_ok_and(|changed| changed <= built);
        assert!(
            is_current,
            "{} is older than {source}: {ADVICE}",
            binary.display()
        );
    }
    binary
}

/// The output of a command and its exit status.
#[derive(Debug)]
pub struct Finished {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Finished {
    /// Asserts the exit status.
    #[track_caller]
    pub fn with_status(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self:#?}");
        self
    }

    /// The last line on standard error, which says what to do next.
    #[track_caller]
    pub fn last_line(&self) -> &str {
        self.err
            .lines()
            .last()
            .unwrap_or_else(|| panic!("nothing on standard error: {self:#?}"))
    }

    /// The value that `--json` prints.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The JSON objects in the last line on standard error.
    #[track_caller]
    pub fn json_in_last_line(&self) -> Vec<Value> {
        let mut rest = self.last_line();
        let mut objects = Vec::new();
        while let Some(start) = rest.find('{') {
            rest = &rest[start..];
            let mut values = Deserializer::from_str(rest).into_iter();
            let value = values.next();
            let end = values.byte_offset();
            match value {
                Some(Ok(value)) => {
                    objects.push(value);
                    rest = &rest[end..];
                }
                _ => rest = &rest[1..],
            }
        }
        objects
    }
}

impl From<Output> for Finished {
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
pub fn finish(command: &mut Command) -> Finished {
    command.output().unwrap().into()
}

/// Starts a command, with pipes for its output.
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

/// Waits until a condition is true.
#[track_caller]
pub fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_true() {
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        sleep(Duration::from_millis(1));
    }
}

/// The command without the capabilities of root, which would bypass file permissions.
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
