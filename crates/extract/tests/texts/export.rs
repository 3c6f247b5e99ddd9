//! The files of CloudWatch's export tasks.

use rehose_testkit::shapes::{flow_logs, messages};
use rehose_testkit::stash::FLOW;

use super::{output, rows};

#[test]
fn a_line_without_a_time_continues_the_message_before_it() {
    let text = "2020-02-01T00:00:00.000Z first\n  at line 2\n\n2020-02-01T00:00:00.5Z second\n\
                2020-02-01T00:00:01Z \n";
    assert_eq!(
        rows(&messages(), text),
        [
            r"2020-02-01T00:00:00.000Z,first\n  at line 2\n",
            "2020-02-01T00:00:00.500Z,second",
            "2020-02-01T00:00:01.000Z,",
        ]
    );
}

#[test]
fn a_time_may_have_up_to_nine_digits_of_a_second() {
    let text = "2020-02-01T00:00:03.12Z a\n2020-02-01T00:00:03.123456789Z b\n2020-02-01T00:00:04.987654321Z\n";
    assert_eq!(
        rows(&messages(), text),
        [
            "2020-02-01T00:00:03.120Z,a",
            "2020-02-01T00:00:03.123Z,b",
            "2020-02-01T00:00:04.987Z,",
        ]
    );
}

#[test]
fn flow_logs_of_an_export_are_rows() {
    // CloudWatch writes the line break of a message beside its own.
    let text = format!("2020-02-01T00:00:00.000Z {FLOW}\n\n2020-02-01T00:00:01.000Z words\n");
    let output = output(&flow_logs(), &text);
    assert_eq!((output.summary.written, output.summary.rejected), (1, 1));
}
