//! Whole messages.

use super::*;

#[test]
fn a_reader_of_csv_gets_the_message_back() {
    let written = [
        "",
        " ",
        "plain",
        "a,b",
        "\"",
        "\"\"",
        "say \"a\"",
        "\n",
        "\r\n",
        "a\nb",
        ",",
        "é€😀",
        "\u{0}\t\u{7f}",
        "\\",
        "'",
        "a\"",
        "\u{2028}",
    ];
    let events = written.map(|message| (0, message));
    let shape = options(json!({"format": "message", "line_breaks": "keep"}));
    let csv = output(&shape, &events).csv();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["timestamp", "message"]);
    let read: Vec<_> = reader.records().map(|record| record.unwrap()).collect();
    let read: Vec<_> = read.iter().map(|record| &record[1]).collect();
    assert_eq!(read, written);

    let csv = output(&messages(), &events).csv();
    assert_eq!(
        csv.lines().count(),
        1 + written.len(),
        "a line for each row"
    );
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let unescaped = |field: &str| {
        let marked = field.replace(r"\\", "\u{e000}");
        let broken = marked.replace(r"\n", "\n").replace(r"\r", "\r");
        broken.replace('\u{e000}', r"\")
    };
    let read: Vec<_> = reader
        .records()
        .map(|record| unescaped(&record.unwrap()[1]))
        .collect();
    assert_eq!(read, written);
}
