//! For any envelopes, layers and chunks the result is what the oracle expects.

use std::sync::LazyLock;

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rehose_extract::Shape;
use rehose_testkit::oracle::expect;
use rehose_testkit::shapes::{flow_logs, messages, options};
use rehose_testkit::stash::{self, flow, gzip};
use rehose_testkit::subject::{SOURCE, check_result, transcode};
use serde_json::json;

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let regex = "(?P<first>[^ ]*)(?: (?P<rest>.*))?";
    let kinds = ["csv", "parquet"].map(|to| {
        [
            options(json!({"to": to})),
            options(json!({"to": to, "format": "message"})),
            options(json!({"to": to, "message_regex": regex, "with": ["owner", "id", "source"]})),
        ]
    });
    kinds.into_iter().flatten().collect()
});

fn space() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
}

/// A JSON string in which some characters are escaped.
fn string(content: String) -> impl Strategy<Value = String> {
    vec(prop::bool::weighted(0.1), 1..8).prop_map(move |escapes| {
        let mut string = String::new();
        for (c, escaped) in content.chars().zip(escapes.iter().cycle()) {
            let units = c.encode_utf16(&mut [0; 2]).to_vec();
            if *escaped {
                string.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
            } else {
                let quoted = json!(c.to_string()).to_string();
                string += &quoted[1..quoted.len() - 1];
            }
        }
        format!("\"{string}\"")
    })
}

fn object(members: impl Strategy<Value = Vec<(String, String)>>) -> impl Strategy<Value = String> {
    (members.prop_shuffle(), space()).prop_map(|(members, gap)| {
        let members: Vec<_> = members
            .into_iter()
            .map(|(key, value)| format!("{key}{gap}:{gap}{value}"))
            .collect();
        format!("{{{gap}{}{gap}}}", members.join(&format!("{gap},{gap}")))
    })
}

fn array(items: impl Strategy<Value = Vec<String>>) -> impl Strategy<Value = String> {
    (items, space())
        .prop_map(|(items, gap)| format!("[{gap}{}{gap}]", items.join(&format!("{gap},{gap}"))))
}

const KNOWN: [&str; 4] = ["messageType", "logEvents", "timestamp", "message"];

/// Any value. It can have known keys in it.
fn value() -> impl Strategy<Value = String> {
    let number = "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?";
    let word = prop_oneof![select(&KNOWN[..]).prop_map(str::to_owned), ".{0,6}"];
    let word = word.prop_flat_map(string).boxed();
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        number,
        word.clone(),
    ];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            array(vec(inner.clone(), 0..4)),
            object(vec((word.clone(), inner), 0..4)),
        ]
    })
}

/// Members that may be missing, each once.
fn unknown() -> impl Strategy<Value = Vec<(String, String)>> {
    let key = prop_oneof!["(id|owner|MessageType|messages|timestamp )", "é.{0,4}"];
    vec((key.prop_flat_map(string), value()), 0..3).prop_map(|mut members| {
        let mut seen = HashSet::new();
        members.retain(|(key, _)| seen.insert(serde_json::from_str::<String>(key).unwrap()));
        members
    })
}

fn message() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0..9_u32).prop_map(flow),
        1 => (0..9_u32).prop_map(|port| format!(" {} ", flow(port).replace(' ', "  "))),
        1 => "[a-c ,\"\\\\\r\n]{0,12}",
        1 => ".{0,12}",
    ]
}

fn known(
    key: &str,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = (String, String)> {
    (string(key.to_owned()), value)
}

fn event() -> impl Strategy<Value = String> {
    let timestamp = prop_oneof![
        4 => (-1_000_000_000_000..1_700_000_000_000_i64).prop_map(|ms| ms.to_string()),
        1 => any::<i64>().prop_map(|ms| ms.to_string()),
        1 => "-?(0|[1-9][0-9]{0,19})(\\.[0-9]{1,3})?",
    ];
    let usual = (0..2_000_000_000_000_i64, message())
        .prop_map(|(at, m)| format!(r#"{{"id":"1","timestamp":{at},"message":{}}}"#, json!(m)));
    let members = (
        known("timestamp", timestamp),
        known("message", message().prop_flat_map(string)),
        unknown(),
    );
    let unusual = object(members.prop_map(|(timestamp, message, mut members)| {
        members.extend([timestamp, message]);
        members
    }));
    prop_oneof![usual, unusual]
}

fn document() -> impl Strategy<Value = String> {
    let message_type = prop_oneof![
        4 => Just("DATA_MESSAGE".to_owned()),
        1 => "(CONTROL_MESSAGE|DATA_MESSAGE.|)",
    ];
    let members = (
        known("messageType", message_type.prop_flat_map(string)),
        known("logEvents", array(vec(event(), 0..4))),
        unknown(),
    );
    object(members.prop_map(|(message_type, events, mut members)| {
        members.extend([message_type, events]);
        members
    }))
}

fn documents() -> impl Strategy<Value = String> {
    vec((space(), document()), 0..4).prop_map(|documents| {
        let texts = documents
            .into_iter()
            .map(|(space, document)| space + &document);
        texts.collect()
    })
}

/// Wraps bytes in layers of gzip, each with members of some size and white space between them.
fn wrapped(text: &[u8], layers: &[(usize, String)]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for (size, space) in layers {
        let members: Vec<_> = bytes.chunks(*size).map(gzip).collect();
        bytes = members.join(space.as_bytes());
    }
    bytes
}

fn layers() -> impl Strategy<Value = Vec<(usize, String)>> {
    vec(
        (prop_oneof![20..200_usize, Just(usize::MAX)], space()),
        0..=3,
    )
}

/// A small change of a text.
#[derive(Debug, Clone)]
enum Mutation {
    Flip(Index, u8),
    Insert(Index, &'static str),
    Remove(Index),
    Cut(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "0",
        "-",
        ".",
        "e",
        " ",
        "\n",
        "\u{1}",
        "\u{80}",
        "\\ud800",
        "\"message\":\"\",",
        "\"logEvents\":[],",
        "null",
        "{}",
    ];
    prop_oneof![
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (any::<Index>(), select(pieces.to_vec())).prop_map(|(at, p)| Mutation::Insert(at, p)),
        any::<Index>().prop_map(Mutation::Remove),
        any::<Index>().prop_map(Mutation::Cut),
    ]
}

impl Mutation {
    fn apply(&self, text: &mut Vec<u8>) {
        let at = |index: &Index| {
            index
                .index(text.len() + 1)
                .min(text.len().saturating_sub(1))
        };
        match self {
            _ if text.is_empty() => {}
            Self::Flip(index, bit) => {
                let at = at(index);
                text[at] ^= 1 << bit;
            }
            Self::Insert(index, piece) => {
                let at = at(index);
                text.splice(at..at, piece.bytes());
            }
            Self::Remove(index) => {
                text.remove(at(index));
            }
            Self::Cut(index) => text.truncate(at(index)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_envelopes_in_any_layers_and_chunks_give_the_expected_rows(
        shape in select(SHAPES.to_vec()),
        text in documents(),
        layers in layers(),
        sizes in vec(1..200_usize, 1..4),
    ) {
        let object = wrapped(text.as_bytes(), &layers);
        let expected = expect(shape.options(), SOURCE, &object).unwrap();
        let output = transcode(&shape, &object, &sizes).unwrap();
        prop_assert_eq!(output.as_expected(), expected);
    }

    #[test]
    fn flow_logs_between_single_spaces_give_the_row_of_the_general_path(
        fields in vec("[a-z0-9.:,\"\\\\é-]{1,40}", 1..17),
        count in prop_oneof![3 => Just(14_usize), 1 => 1..17_usize],
    ) {
        let mut fields = fields.into_iter().cycle().take(count).collect::<Vec<_>>();
        if count == 14 {
            // Most of these have no forbidden character, and are rows.
            fields.iter_mut().for_each(|field| *field = field.replace([',', '"', '\\'], "-"));
        }
        // The second message has an empty field, which the vectorised path does not take.
        let messages = [fields.join(" "), format!(" {}", fields.join(" "))];
        let [fast, general] = messages.map(|message| {
            let object = stash::document(&[(0, &message)]);
            let output = transcode(&flow_logs(), object.as_bytes(), &[usize::MAX]).unwrap();
            let written = format!(r#""message":{}"#, json!(message));
            (output.csv(), output.rejected_lines().replace(&written, ""))
        });
        prop_assert_eq!(fast, general);
    }

    #[test]
    fn the_result_does_not_depend_on_the_chunks(
        text in documents(),
        layers in layers(),
        sizes in vec(1..50_usize, 1..4),
        mutations in vec(mutation(), 0..2),
    ) {
        let mut object = wrapped(text.as_bytes(), &layers);
        mutations.iter().for_each(|mutation| mutation.apply(&mut object));
        let whole = transcode(&flow_logs(), &object, &[usize::MAX]);
        prop_assert_eq!(transcode(&flow_logs(), &object, &sizes), whole);
    }

    #[test]
    fn mutated_text_is_accepted_if_the_oracle_accepts_it(
        text in documents(),
        mutations in vec(mutation(), 1..3),
        size in 1..50_usize,
    ) {
        let mut text = text.into_bytes();
        mutations.iter().for_each(|mutation| mutation.apply(&mut text));
        let expected = expect(messages().options(), SOURCE, &text);
        check_result(transcode(&messages(), &text, &[size]), expected);
    }
}
