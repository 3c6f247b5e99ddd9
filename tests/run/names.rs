//! A setting has one name in the command, the functions, the state machine and the stack: docs/NAMES.md
//! lists them, and lists all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rehose_extract::Options;
use rehose_reprocess::job::{Digest, FlowLog, Merge};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::REHOSE;
use crate::command::finish;
use crate::help::subcommands;

/// A row of the table.
struct Row {
    /// The names in each of the interfaces.
    names: [Vec<String>; 4],
    /// Where and why they differ.
    note: String,
}

/// A file of the repository.
fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap()
}

/// What stands between backquotes.
fn quoted(text: &str) -> Vec<String> {
    let pieces = text.split('`').skip(1).step_by(2);
    pieces.map(str::to_owned).collect()
}

fn rows() -> Vec<Row> {
    let text = file("docs/NAMES.md");
    let rows = text.lines().skip_while(|line| !line.starts_with("|---"));
    rows.skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            let [command, variable, input, stack, note] = cells[..] else {
                panic!("{line}");
            };
            Row {
                names: [command, variable, input, stack].map(quoted),
                note: note.trim().to_owned(),
            }
        })
        .collect()
}

/// The options of all subcommands.
fn options() -> BTreeSet<String> {
    let mut options = BTreeSet::new();
    for subcommand in subcommands() {
        let help = finish(&mut REHOSE.command([&subcommand, "--help"]));
        let help = help.with_status(0).out;
        let lines = help.lines().map(str::trim_start);
        let named = lines.filter_map(|line| {
            line.split_once("--")
                .filter(|(before, _)| before.len() <= 4)
        });
        for (_, name) in named.filter(|(before, _)| before.is_empty() || before.ends_with(", ")) {
            let end = name.find(|c: char| c != '-' && !c.is_ascii_lowercase());
            options.insert(format!("--{}", &name[..end.unwrap_or(name.len())]));
        }
    }
    options.remove("--help");
    options
}

/// The members of an object, by the error about an unknown one.
fn members<T: DeserializeOwned>(known: Value) -> Vec<String> {
    let mut object = known;
    object["nonsense"] = json!(1);
    let Err(error) = serde_json::from_value::<T>(object) else {
        panic!("an unknown member is refused");
    };
    let members = quoted(&error.to_string());
    members
        .into_iter()
        .filter(|name| name != "nonsense")
        .collect()
}

/// The keys of the state machine's input: those of the event of `start`, and the members of the objects in it.
fn input() -> BTreeSet<String> {
    let source = file("functions/src/bin/start.rs");
    let event = source
        .split_once("struct StartEvent {")
        .and_then(|(_, rest)| rest.split_once("\n}"));
    let fields = event.unwrap().0.lines().map(str::trim);
    let fields = fields.filter(|line| !line.starts_with("///"));
    let mut names: BTreeSet<String> = fields
        .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
        .collect();
    // The machine's own, and the objects whose members are listed.
    assert!(
        names.remove("cursor") && names.remove("options"),
        "{names:?}"
    );
    let merge = members::<Merge>(json!({}));
    let window = json!({"from": "2026-11-25T07:00:00Z", "to": "2026-11-25T08:00:00Z"});
    for (object, members) in [
        ("options", members::<Options>(json!({}))),
        ("merge", merge),
        ("merge.flow_log", members::<FlowLog>(json!({}))),
        ("digest", members::<Digest>(window)),
    ] {
        names.extend(members.iter().map(|member| format!("{object}.{member}")));
    }
    names
}

/// The values that docs/DEPLOY.md lists, which a test in `infra` compares with those that the app reads.
fn values() -> BTreeSet<String> {
    let text = file("docs/DEPLOY.md");
    let (_, section) = text.split_once("## Every value").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let names = section.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("| `")?.split_once('`')?;
        Some(name.to_owned())
    });
    names.collect()
}

/// The words of a name, however it is written.
fn words(name: &str) -> String {
    let name = name.strip_prefix("REHOSE_").unwrap_or(name);
    let name = name.rsplit('.').next().unwrap();
    let mut words = String::new();
    let is_upper = name.chars().all(|c| !c.is_ascii_lowercase());
    for c in name.trim_start_matches('-').chars() {
        match c {
            '-' | '_' => words.push(' '),
            'A'..='Z' if !is_upper => {
                words.push(' ');
                words.push(c.to_ascii_lowercase());
            }
            _ => words.push(c.to_ascii_lowercase()),
        }
    }
    words
}

#[test]
fn every_name_of_every_interface_is_in_the_table_and_nothing_else() {
    let variables: BTreeMap<String, Value> =
        serde_json::from_str(&file("functions/environment.json")).unwrap();
    let known = [
        options(),
        variables.into_keys().collect(),
        input(),
        values(),
    ];
    let rows = rows();
    for (number, known) in known.into_iter().enumerate() {
        assert!(known.len() > 15, "{known:?}");
        // What the objects in variables and values have is what they have in the input.
        let listed = rows.iter().flat_map(|row| &row.names[number]);
        let listed: BTreeSet<String> = listed
            .map(|name| match name.split_once('.') {
                Some((object, _)) if number != 2 => object.to_owned(),
                _ => name.clone(),
            })
            .collect();
        assert_eq!(listed, known, "interface {number}");
    }
}

#[test]
fn names_have_the_same_words_or_the_table_says_why_not() {
    for Row { names, note } in rows() {
        let used: Vec<_> = names.iter().filter(|names| !names.is_empty()).collect();
        let has_same_words = used.iter().all(|names| {
            names
                .iter()
                .map(|name| words(name))
                .collect::<BTreeSet<_>>()
                == used[0].iter().map(|name| words(name)).collect()
        });
        assert!(has_same_words || !note.is_empty(), "{names:?}");
    }
}
