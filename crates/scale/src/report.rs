//! The results as text.

mod merging;
mod tables;

use comfy_table::Table;

pub use self::merging::of_merging;
use self::tables::{table, thousands};
use crate::formula::{self, Formula};
use crate::measured::Measured;

/// All results of a simulation.
pub fn of(measured: &Measured) -> String {
    let tables = [
        time(measured),
        tables::functions(&measured.counts),
        tables::requests(&measured.counts),
        costs(measured),
        ledger(measured),
    ];
    tables.map(|table| table.trim_fmt()).join("\n\n")
}

fn time(measured: &Measured) -> Table {
    let mut table = tables::stages(&measured.stages, measured.duration);
    let bottleneck = measured
        .stages
        .first()
        .map_or("-", |(stage, _)| stage.name());
    table.add_row(["bottleneck", bottleneck, ""]);
    table
}

fn costs(measured: &Measured) -> Table {
    let costs = measured.costs();
    let planned = Formula::of(&measured.scenario);
    let (waiting, again) = (measured.waiting(), measured.converted_again());
    let fitted = Formula::with(&measured.scenario, waiting, again);
    let mut table = table([
        "cost",
        "simulated $",
        "COST.md $",
        "difference",
        "with its w, r $",
        "difference",
    ]);
    let mut row = |name: &str, simulated: f64, formula: Option<fn(&Formula) -> f64>| {
        let compared = [&planned, &fitted].into_iter().flat_map(|figures| {
            let Some(formula) = formula else {
                return [String::new(), String::new()];
            };
            let expected = formula(figures);
            let difference = 100.0 * (simulated / expected - 1.0);
            [format!("{expected:.4}"), format!("{difference:+.1} %")]
        });
        let first = [name.to_owned(), format!("{simulated:.4}")];
        table.add_row(first.into_iter().chain(compared));
    };
    let requests = costs.puts + costs.gets;
    row("process", costs.process, Some(|formula| formula.process));
    row(
        "requests to S3",
        requests,
        Some(|formula| formula.objects + formula.tasks),
    );
    row(
        "requests to SQS",
        costs.queue,
        Some(|formula| formula.queue),
    );
    row(
        "requests to Lambda",
        costs.invocations,
        Some(|formula| formula.invocations),
    );
    row("start and check", costs.start + costs.check, None);
    row("state transitions", costs.transitions, None);
    row("together", costs.sum(), Some(Formula::sum));
    table
}

fn ledger(measured: &Measured) -> Table {
    let Measured { scenario, .. } = measured;
    let mut table = table(["other figures", ""]);
    let (key, bytes) = &measured.largest;
    let rows = [
        ("objects", thousands(scenario.objects)),
        ("tasks", thousands(measured.tasks)),
        ("rows written again", thousands(measured.again)),
        (
            "messages in the dead-letter queue",
            thousands(measured.dead),
        ),
        (
            "most invocations of process at once",
            thousands(measured.most_running as u64),
        ),
        (
            "most PUT a second in the output",
            thousands(measured.most_puts),
        ),
        (
            "most GET a second in the stash",
            thousands(measured.most_gets),
        ),
        (
            "partitions of the output at the end",
            thousands(measured.partitions.into()),
        ),
        ("documents in the ledger", thousands(measured.documents)),
        ("their bytes", thousands(measured.document_bytes)),
        ("the largest", key.clone()),
        ("its bytes", thousands(*bytes)),
        ("executions", thousands(measured.counts.executions)),
        ("state transitions", thousands(measured.counts.transitions)),
        (
            "most events of an execution",
            thousands(measured.counts.events),
        ),
        (
            "c: core seconds for a GB of text",
            format!("{:.2}", formula::seconds_per_gb(scenario)),
        ),
        (
            "w: billed ÷ core, by COST.md",
            format!("{:.2}", formula::waiting(scenario)),
        ),
        (
            "w: billed ÷ core, simulated",
            format!("{:.2}", measured.waiting()),
        ),
        (
            "r: converted again ÷ objects",
            format!("{:.2}", measured.converted_again()),
        ),
    ];
    for (name, value) in rows {
        table.add_row([name.to_owned(), value]);
    }
    table
}
