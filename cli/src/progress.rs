//! The progress of a job on standard error: a bar on a terminal, plain lines otherwise.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use rehose_reprocess::check::watch::Look;
use rehose_reprocess::local::Observer;
use rehose_reprocess::plan::Sent;
use rehose_reprocess::work::Processed;

/// The time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Counts planned and processed objects, and shows the counts.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
    state: Mutex<Counts>,
}

/// Once all is planned, the remaining time is shown.
impl Observer for Progress {
    fn planned(&self, sent: &Sent) {
        self.change(|counts| {
            counts.planned += sent.objects;
            counts.planned_bytes += sent.bytes;
        });
    }

    fn all_planned(&self) {
        self.change(|counts| counts.all_planned = true);
    }

    fn processed(&self, processed: &Processed) {
        self.change(|counts| {
            counts.objects += processed.done.len() as u64 + processed.failed + processed.settled;
            counts.failed += processed.failed;
            for (_, summary) in &processed.done {
                counts.bytes += summary.bytes_in;
                counts.rows += summary.written;
            }
        });
    }
}

#[derive(Debug, Default)]
struct Counts {
    planned: u64,
    planned_bytes: u64,
    all_planned: bool,
    objects: u64,
    bytes: u64,
    rows: u64,
    failed: u64,
    /// Bytes and rows of a job that was already running at the first update. The rates exclude them.
    before: Option<(u64, u64)>,
    /// The time of the last plain line, since the start.
    last_line: Duration,
}

impl Progress {
    pub(crate) fn begin() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::no_length();
            let template = "{bar:30} {pos}/{len} objects  {msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self {
            bar,
            started: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// Replaces the counts by those of a job on the stack.
    pub(crate) fn update(&self, look: &Look) {
        self.change(|counts| {
            let objects = look.totals.objects;
            counts.planned = look.planned;
            counts.planned_bytes = look.bytes_settled + look.bytes_left;
            counts.all_planned = look.all_planned;
            counts.objects = look.settled;
            counts.bytes = look.bytes_settled;
            // The totals cover only some of the settled objects. Assume that the others have as many
            // rows on average.
            let counted = objects.settled().max(1) as f64;
            let factor = look.settled as f64 / counted;
            counts.rows = (look.totals.rows.written as f64 * factor) as u64;
            counts.failed = objects.failed + objects.lost;
            counts.before.get_or_insert((counts.bytes, counts.rows));
        });
    }

    /// Removes the bar.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn change(&self, change: impl FnOnce(&mut Counts)) {
        let Ok(mut counts) = self.state.lock() else {
            return;
        };
        change(&mut counts);
        let elapsed = self.started.elapsed();
        let message = counts.message(elapsed);
        match &self.bar {
            Some(bar) => {
                bar.set_length(counts.planned);
                bar.set_position(counts.objects);
                bar.set_message(message);
            }
            None if elapsed - counts.last_line >= LINE_INTERVAL => {
                counts.last_line = elapsed;
                let (done, planned) = (HumanCount(counts.objects), HumanCount(counts.planned));
                // The job continues even if its progress cannot be written.
                let _ = writeln!(io::stderr(), "{done}/{planned} objects  {message}");
            }
            None => {}
        }
    }
}

impl Counts {
    fn message(&self, elapsed: Duration) -> String {
        let (bytes, rows) = self.before.unwrap_or_default();
        let (bytes, rows) = (
            self.bytes.saturating_sub(bytes),
            self.rows.saturating_sub(rows),
        );
        let rate = rows as f64 / elapsed.as_secs_f64().max(0.001);
        let mut message = format!(
            "{} read  {} rows/s",
            HumanBytes(bytes),
            HumanCount(rate as u64)
        );
        if self.failed > 0 {
            message += &format!("  {} failed", HumanCount(self.failed));
        }
        if self.all_planned && bytes > 0 {
            let left = self.planned_bytes.saturating_sub(self.bytes) as f64 / bytes as f64;
            message += &format!("  {} left", HumanDuration(elapsed.mul_f64(left)));
        }
        message
    }
}
