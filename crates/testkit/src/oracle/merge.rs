//! Merged rows, found by comparing every row with every other of its key.

use std::collections::BTreeMap;

/// Columns that are summed.
const SUMS: [&str; 6] = [
    "packets",
    "bytes",
    "packets-lost-no-route",
    "packets-lost-blackhole",
    "packets-lost-mtu-exceeded",
    "packets-lost-ttl-expired",
];

/// The columns that do not have to be equal, beside sums.
const OTHERS: [&str; 4] = ["timestamp", "start", "end", "tcp-flags"];

/// Returns the lines that flow logs become when those are merged that continue each other within `gap`
/// seconds, sorted. `rows` are lines of CSV without quotes, and have the columns of the header.
pub fn merged_flows(header: &str, rows: &[String], gap: Option<u32>) -> Vec<String> {
    let columns: Vec<&str> = header.split(',').collect();
    let place = |name: &str| columns.iter().position(|column| *column == name);
    let is_measure = |column: &str| SUMS.contains(&column) || OTHERS.contains(&column);
    let mut of_key: BTreeMap<Vec<String>, Vec<Row>> = BTreeMap::new();
    let mut alone = Vec::new();
    for line in rows {
        let fields: Vec<String> = line.split(',').map(str::to_owned).collect();
        let number = |name: &str| fields[place(name)?].parse::<i64>().ok();
        let row = Row {
            interval: number("start").zip(number("end")),
            records: 1,
            fields: fields.clone(),
        };
        let (Some(_), Some((start, end))) = (gap, row.interval) else {
            alone.push(row);
            continue;
        };
        if end < start || SUMS.iter().any(|name| number(name) >= Some(1 << 40)) {
            alone.push(row);
            continue;
        }
        // Rows must lack the same measures.
        let key = fields.iter().zip(&columns).map(|(field, column)| {
            match is_measure(column) && field != "-" && !field.is_empty() {
                true => String::new(),
                false => format!("={field}"),
            }
        });
        of_key.entry(key.collect()).or_default().push(row);
    }
    let mut merged = alone;
    for mut rows in of_key.into_values() {
        // Until no two of them continue each other.
        while let Some((first, second)) = neighbours(&rows, i64::from(gap.unwrap_or_default())) {
            let other = rows.remove(second);
            rows[first].add(&other, &columns);
        }
        merged.extend(rows);
    }
    let mut lines: Vec<String> = merged.iter().map(Row::line).collect();
    lines.sort_unstable();
    lines
}

struct Row {
    fields: Vec<String>,
    interval: Option<(i64, i64)>,
    records: u64,
}

fn neighbours(rows: &[Row], gap: i64) -> Option<(usize, usize)> {
    let follows = |row: &Row, other: &Row| {
        let (Some((start, _)), Some((_, end))) = (other.interval, row.interval) else {
            return false;
        };
        start <= end + gap
    };
    (0..rows.len())
        .flat_map(|first| (first + 1..rows.len()).map(move |second| (first, second)))
        .find(|(first, second)| {
            follows(&rows[*first], &rows[*second]) && follows(&rows[*second], &rows[*first])
        })
}

impl Row {
    fn add(&mut self, other: &Self, columns: &[&str]) {
        for (column, (field, more)) in columns
            .iter()
            .zip(self.fields.iter_mut().zip(&other.fields))
        {
            let (Ok(number), Ok(other)) = (field.parse::<i64>(), more.parse::<i64>()) else {
                if *column == "timestamp" {
                    *field = field.clone().min(more.clone());
                }
                continue;
            };
            *field = match *column {
                "start" => number.min(other).to_string(),
                "end" => number.max(other).to_string(),
                "tcp-flags" => (number | other).to_string(),
                sum if SUMS.contains(&sum) => (number + other).to_string(),
                _ => continue,
            };
        }
        self.records += other.records;
        self.interval =
            self.interval
                .zip(other.interval)
                .map(|((start, end), (other_start, other_end))| {
                    (start.min(other_start), end.max(other_end))
                });
    }

    fn line(&self) -> String {
        format!("{},{}", self.fields.join(","), self.records)
    }
}
