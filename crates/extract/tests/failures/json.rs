//! Faults of JSON.

use super::*;

fn not_an_envelope(what: &str) -> Reason {
    Reason::NotAnEnvelope(what.to_owned())
}

#[test]
fn a_document_cut_at_any_byte_fails_where_it_ends() {
    let text = r#" {"messageType":"DATA_MESSAGE","x":[-1.5e+3,null,"\u00e9"],"logEvents":[{"id":"1","timestamp":1,"message":"a\\b"}]}"#;
    for end in 2..text.len() {
        let expected = at(Reason::CutJson, Stream::Text, end);
        assert_eq!(fault(&text.as_bytes()[..end]), expected);
        assert_eq!(fault(&gzip(&text[..end])), expected);
    }
}

#[test]
fn only_objects_can_follow_a_document() {
    let reason = malformed("something other than an object between documents");
    for text in [
        "{}‸1",
        "{}‸null",
        "{}‸\"x\"",
        "[{}, ‸1]",
        "[{},‸[{}]]",
        "{}‸]",
        "{}‸}",
        "{}‸\u{feff}{}",
        "{}‸\0 no Snappy",
        "{}‸nonsense",
    ] {
        fails_here(text, reason.clone());
    }
}

#[test]
fn malformed_json_fails_at_the_first_wrong_byte() {
    for (text, what) in [
        (r#"{"a":{‸1:2}"#, "no key"),
        (r#"{"a":{ ‸,"#, "no key"),
        (r#"{"a":1,‸}"#, "no key"),
        (r#"{"a":1,‸'b'"#, "no key"),
        (r#"{"a" ‸1}"#, "no colon after a key"),
        (r#"{"a"‸}"#, "no colon after a key"),
        (r#"{"a":‸}"#, "no value"),
        (r#"{"a":‸,"#, "no value"),
        (r#"{"a":[1,‸]}"#, "no value"),
        (r#"{"a":t‸x"#, "no value"),
        (r#"{"a":nul‸ "#, "no value"),
        (r#"{"a":‸+1"#, "no value"),
        (r#"{"a":‸NaN"#, "no value"),
        (r#"{"a":-‸}"#, "no number"),
        (r#"{"a":1.‸}"#, "no number"),
        (r#"{"a":1e‸x"#, "no number"),
        (r#"{"a":1e+‸}"#, "no number"),
        (r#"{"a":0‸1}"#, "no comma after a value"),
        (r#"{"a":1 ‸2}"#, "no comma after a value"),
        (r#"{"a":true‸false"#, "no comma after a value"),
        (r#"{"a":"b"‸"c""#, "no comma after a value"),
        (r#"{"a":[1‸}"#, "a bracket that closes another kind"),
        (r#"{"a":1‸]"#, "a bracket that closes another kind"),
        (r#"{"a":[{"b":[]}‸}"#, "a bracket that closes another kind"),
    ] {
        fails_here(text, malformed(what));
    }
}

#[test]
fn an_invalid_string_outside_the_events_of_an_envelope_fails_where_it_is() {
    for (content, what) in INVALID_STRINGS {
        for (before, after) in [
            ("{\"", "\":1,"),
            ("{\"a\":\"", "\","),
            ("{\"a\":[{\"b", "\":1}],"),
        ] {
            let rest = r#""messageType":"DATA_MESSAGE","logEvents":[]}"#;
            fails_here(
                &[before, content, after, rest].concat(),
                not_an_envelope(what),
            );
        }
    }
}

#[test]
fn the_shortcut_for_usual_events_accepts_no_faulty_event() {
    for (event, what) in [
        (
            r#"{"id":"\","‸timestamp":1,"message":"x"}"#,
            "no comma after a value",
        ),
        (
            r#"{"id":"1","timestamp":0‸1,"message":"x"}"#,
            "no comma after a value",
        ),
        (r#"{"id":"1","timestamp":-‸,"message":"x"}"#, "no number"),
        (
            r#"{"id":"1","timestamp":1,"message":"x"}‸{"#,
            "no comma after a value",
        ),
    ] {
        let text = format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{event}]}}"#);
        fails_here(&text, malformed(what));
    }
}

#[test]
fn an_object_in_which_nothing_can_be_read_fails_at_its_first_document() {
    for text in [
        "‸{}",
        r#" ‸{"logEvents":[]}"#,
        r#"‸{"logEvents":[{"timestamp":1,"message":"x"}]}{}"#,
        r#"‸{"messageType":"DATA_MESSAGE"}"#,
        r#"‸{"messagetype":"DATA_MESSAGE","logEvents":[]}"#,
        r#"‸{"messageType":null,"logEvents":[]}"#,
        r#"‸{"messageType":["DATA_MESSAGE"],"logEvents":[]}"#,
        r#"‸{"messageType":"DATA_MESSAGE","logEvents":{}}"#,
        r#"‸{"messageType":"DATA_MESSAGE","logEvents":null}"#,
    ] {
        let offset = text.find(HERE).unwrap();
        let object = text.replace(HERE, "");
        for shape in [flow_logs(), options(json!({"dialect": "cloudwatch"}))] {
            let fault = transcode_in_chunks(&shape, object.as_bytes(), &SIZES).unwrap_err();
            assert_eq!(expect(shape.options(), SOURCE, object.as_bytes()), None);
            assert_eq!(fault, in_text(Reason::NothingReadable, offset), "{text}");
        }
    }
}

#[test]
fn an_envelope_with_a_key_twice_fails() {
    for (text, key) in [
        (
            r#"{"messageType":"DATA_MESSAGE","messageType‸":"CONTROL_MESSAGE""#,
            "messageType",
        ),
        (r#"{"messageType":"","messageT\u0079pe‸":"""#, "messageType"),
        (r#"{"logEvents":[],"logEvents‸":[]"#, "logEvents"),
        (
            r#"{"messageType":"","owner":"1","owner‸":"1","logEvents":[]}"#,
            "owner",
        ),
    ] {
        fails_here(
            text,
            not_an_envelope(&format!("two keys {key} in one object")),
        );
    }
}
