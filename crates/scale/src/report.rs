//! The results as text.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

use crate::formula::{self, Formula};
use crate::lambda::Function;
use crate::measured::Measured;
use crate::meter::Request;

/// All results of a simulation.
pub fn of(measured: &Measured) -> String {
    let tables = [
        time(measured),
        functions(measured),
        requests(measured),
        costs(measured),
        ledger(measured),
    ];
    tables.map(|table| table.trim_fmt()).join("\n\n")
}

fn table<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn time(measured: &Measured) -> Table {
    let all = measured.duration;
    let mut table = table(["where the time went", "time", "of all"]);
    for (stage, time) in &measured.stages {
        table.add_row([
            stage.name().to_owned(),
            clock(*time),
            percent(time.as_secs_f64() / all.as_secs_f64()),
        ]);
    }
    table.add_row(["duration".to_owned(), clock(all), String::new()]);
    let bottleneck = measured
        .stages
        .first()
        .map_or("-", |(stage, _)| stage.name());
    table.add_row(["bottleneck", bottleneck, ""]);
    table
}

fn functions(measured: &Measured) -> Table {
    let mut table = table([
        "function",
        "calls",
        "failed",
        "cold",
        "billed s",
        "core s",
        "billed ÷ core",
    ]);
    for function in Function::ALL {
        let calls = measured.invocations(function);
        let (billed, core) = (calls.billed_ms as f64 / 1_000.0, calls.busy.as_secs_f64());
        table.add_row([
            function.name().to_owned(),
            thousands(calls.number),
            thousands(calls.failed),
            thousands(calls.cold),
            format!("{billed:.1}"),
            format!("{core:.1}"),
            format!("{:.2}", billed / core),
        ]);
    }
    table
}

fn requests(measured: &Measured) -> Table {
    let mut table = table(["request", "number", "throttled"]);
    for request in Request::ALL {
        let requests = measured.requests(request);
        table.add_row([
            request.name().to_owned(),
            thousands(requests.answered),
            thousands(requests.throttled),
        ]);
    }
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
    row("start and check", costs.others, None);
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
        ("executions", thousands(measured.executions)),
        ("state transitions", thousands(measured.transitions)),
        ("most events of an execution", thousands(measured.events)),
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

/// A duration as hours, minutes and seconds.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!("{hours}:{minutes:02}:{:02}", seconds % 60)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// A number with commas.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(clock(Duration::from_secs(3_725)), "1:02:05");
    }
}
