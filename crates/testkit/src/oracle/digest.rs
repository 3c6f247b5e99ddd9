//! The rows of a digest, found by adding up all rows of a key in the order in which they come.

use std::collections::BTreeMap;
use std::ops::Range;

/// Columns of which a digest has no text of its own.
const MEASURES: [&str; 4] = ["packets", "bytes", "start", "end"];

/// Returns the lines of the digest of flow logs that start in the window, sorted: all columns of the header but
/// the timestamp, which port was folded, and the number of records. `rows` are lines of CSV without quotes, and
/// have the columns of the header.
pub fn digest_of_flows(header: &str, rows: &[String], window: Range<i64>) -> Vec<String> {
    let columns: Vec<&str> = header.split(',').skip(1).collect();
    let place = |name: &str| columns.iter().position(|column| *column == name);
    let mut digest: BTreeMap<Vec<String>, (Vec<i64>, u64)> = BTreeMap::new();
    for line in rows {
        let mut fields: Vec<String> = line.split(',').skip(1).map(str::to_owned).collect();
        let number = |name: &str| fields[place(name).unwrap()].parse::<i64>().ok();
        if !number("start").is_some_and(|start| window.contains(&start)) {
            continue;
        }
        let values: Vec<Option<i64>> = MEASURES.iter().map(|name| number(name)).collect();
        let folded = match (number("srcport"), number("dstport")) {
            (Some(from), Some(to)) if from >= to => "srcport",
            (Some(_), Some(_)) => "dstport",
            _ => "",
        };
        if !folded.is_empty() {
            fields[place(folded).unwrap()] = "0".to_owned();
        }
        for (name, value) in MEASURES.iter().zip(&values) {
            // Rows of a key lack the same measures.
            let text = value.map_or("-", |_| "");
            fields[place(name).unwrap()] = text.to_owned();
        }
        fields.push(folded.to_owned());
        let values = values.into_iter().map(Option::unwrap_or_default).collect();
        match digest.get_mut(&fields) {
            None => _ = digest.insert(fields, (values, 1)),
            Some((sums, records)) => {
                *records += 1;
                sums[0] += values[0];
                sums[1] += values[1];
                sums[2] = sums[2].min(values[2]);
                sums[3] = sums[3].max(values[3]);
            }
        }
    }
    let mut lines: Vec<String> = (digest.into_iter())
        .map(|(mut fields, (sums, records))| {
            for (name, sum) in MEASURES.iter().zip(sums) {
                let field = &mut fields[place(name).unwrap()];
                if field.is_empty() {
                    *field = sum.to_string();
                }
            }
            format!("{},{records}", fields.join(","))
        })
        .collect();
    lines.sort_unstable();
    lines
}
