//! Flow logs.

use super::*;

#[test]
fn the_default_header() {
    assert_eq!(
        flow_logs().header(),
        "timestamp,version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,action,log-status"
    );
}

#[test]
fn any_number_of_spaces_separates_fields() {
    let spaced = format!("  {}   ", flow(80).replace(' ', "  "));
    assert_eq!(row(&flow_logs(), &spaced), flow(80).replace(' ', ","));
}

#[test]
fn nodata_and_skipdata_are_rows() {
    assert_eq!(
        row(
            &flow_logs(),
            "2 123456789012 eni-1 - - - - - - - 1 2 - NODATA"
        ),
        "2,123456789012,eni-1,-,-,-,-,-,-,-,1,2,-,NODATA"
    );
    assert_eq!(
        row(
            &flow_logs(),
            "2 123456789012 eni-1 - - - - - - - 1 2 - SKIPDATA"
        ),
        "2,123456789012,eni-1,-,-,-,-,-,-,-,1,2,-,SKIPDATA"
    );
}

#[test]
fn more_or_fewer_fields_are_rejected() {
    for message in [
        "",
        "   ",
        "2",
        &format!("{} more", flow(1)),
        flow(1).rsplit_once(' ').unwrap().0,
    ] {
        assert_eq!(rejection(&flow_logs(), message), "field-count");
    }
}

#[test]
fn only_spaces_separate_fields() {
    for space in ["\t", "\u{a0}", "\u{3000}"] {
        let message = flow(1).replace(' ', space);
        assert_eq!(rejection(&flow_logs(), &message), "field-count");
    }
}

#[test]
fn a_character_that_could_shift_columns_is_rejected() {
    for character in [",", "\"", "\\", "\n", "\r"] {
        let inside = flow(1).replace("ACCEPT", &format!("AC{character}CEPT"));
        assert_eq!(rejection(&flow_logs(), &inside), "character");
        let after = format!("{} {character}-", flow(1));
        assert_eq!(rejection(&flow_logs(), &after), "character");
    }
}

#[test]
fn configured_fields_keep_their_order() {
    let shape = options(json!({"fields": ["instance-tag", "srcaddr", "version", "tcp-flags"]}));
    assert_eq!(
        shape.header(),
        "timestamp,instance-tag,srcaddr,version,tcp-flags"
    );
    assert_eq!(row(&shape, "web ::1 11 3"), "web,::1,11,3");
    assert_eq!(rejection(&shape, &flow(1)), "field-count");
}

#[test]
fn all_documented_fields_together_are_accepted() {
    let names: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
    let shape = options(json!({"fields": names}));
    let value = |field: &Field| match field.kind {
        FieldKind::Text => field.name,
        _ => "7",
    };
    let values: Vec<_> = FIELDS.iter().map(value).collect();
    assert_eq!(row(&shape, &values.join(" ")), values.join(","));
}

#[test]
fn an_unknown_field_is_refused_with_a_list_of_all_fields() {
    let refusal = refusal(json!({"fields": ["srcaddr", "src-addr"]})).to_string();
    let begin = r#"fields: there is no field "src-addr"; the fields are version, account-id, "#;
    assert!(refusal.starts_with(begin), "{refusal}");
    assert!(refusal.ends_with("next-hop-interface-type"), "{refusal}");
}

#[test]
fn a_field_that_is_named_again_is_another_column() {
    let shape = options(json!({"fields": ["bytes", "srcaddr", "bytes", "bytes"]}));
    assert_eq!(shape.header(), "timestamp,bytes,srcaddr,bytes_2,bytes_3");
    assert_eq!(row_of(&shape, "1 a 2 3"), "1,a,2,3");
}

#[test]
fn fields_are_understood_as_people_have_them() {
    let expected = options(json!({"fields": ["version", "account-id", "log-status"]}));
    for written in [
        json!("version account-id log-status"),
        json!("${version} ${account-id} ${log-status}"),
        json!("'${version} ${account-id} ${log-status}'"),
        json!("\"${version}\t${account-id}\n${log-status}\""),
        json!("$${version} $${account-id} $${log-status}"),
        json!("version, account_id, log_status"),
        json!("VERSION ACCOUNT_ID Log_Status"),
        json!("`version`,`account_id`,\n`log_status`,"),
        json!(["version account_id log-status"]),
        json!([["VERSION", "account_id", "${log-status}"]]),
        json!(["version", "account_id", "${log-status}"]),
    ] {
        let shape = options(json!({"fields": written}));
        assert_eq!(shape.options(), expected.options(), "{written}");
    }
}

#[test]
fn a_number_is_digits_or_a_dash() {
    let flow = |port: &str| FLOW.replace(" 49152 ", &format!(" {port} "));
    for port in ["0", "65535", "-", "007"] {
        assert_eq!(row(&flow_logs(), &flow(port)), flow(port).replace(' ', ","));
    }
    for port in [
        "--", "-1", "+1", "1.0", "1e3", "0x1", "https", "é", "1\u{0}", "１",
    ] {
        let output = output_of(&flow_logs(), &flow(port));
        let count = &output.summary.rejections[0];
        assert_eq!(count.reason, "field-type", "{port}");
        assert_eq!(count.detail.as_deref(), Some("dstport"), "{port}");
    }
}

#[test]
fn a_number_that_its_column_cannot_hold_is_rejected() {
    let with = |field: &str, value: &str| {
        let place = DEFAULT_FIELDS
            .iter()
            .position(|name| *name == field)
            .unwrap();
        let message = flow(1);
        let mut fields: Vec<&str> = message.split(' ').collect();
        fields[place] = value;
        fields.join(" ")
    };
    for (field, value) in [
        ("dstport", "2147483647"),
        ("dstport", "00000000002147483647"),
        ("bytes", "9223372036854775807"),
        (
            "bytes",
            "000000000000000000000000000000000000000000000000000000000000000000001",
        ),
        ("account-id", "99999999999999999999"),
    ] {
        let message = with(field, value);
        assert_eq!(row(&flow_logs(), &message), message.replace(' ', ","));
    }
    for (field, value) in [
        ("version", "2147483648"),
        ("dstport", "2147483648"),
        ("dstport", "9999999999"),
        ("bytes", "9223372036854775808"),
        (
            "end",
            "99999999999999999999999999999999999999999999999999999999999999999999999",
        ),
    ] {
        let output = output_of(&flow_logs(), &with(field, value));
        let count = &output.summary.rejections[0];
        assert_eq!(count.reason, "field-type", "{value}");
        assert_eq!(count.detail.as_deref(), Some(field), "{value}");
    }
}

#[test]
fn a_strangers_message_with_the_right_number_of_words_is_no_row() {
    let words = "2 jobs of the queue were started and all but one of them failed";
    assert_eq!(words.split(' ').count(), 14);
    assert_eq!(output_of(&flow_logs(), words).summary.written, 0);
}

#[test]
fn two_layouts_share_the_columns_that_they_both_have() {
    let shape = options(json!({"fields": [
        ["srcaddr", "dstaddr", "bytes"],
        ["version", "bytes", "srcaddr", "action"],
    ]}));
    assert_eq!(
        shape.header(),
        "timestamp,srcaddr,dstaddr,bytes,version,action"
    );
    assert_eq!(row_of(&shape, "a b 1"), "a,b,1,-,-");
    assert_eq!(row_of(&shape, "2 1 a ACCEPT"), "a,-,1,2,ACCEPT");
    assert_eq!(
        output_of(&shape, "2 x a ACCEPT").summary.rejections[0].reason,
        "field-type"
    );
    assert_eq!(
        output_of(&shape, "a b").summary.rejections[0].reason,
        "field-count"
    );
    assert_eq!(
        output_of(&shape, "a \\\"b\\\"").summary.rejections[0].reason,
        "character",
        "as with one layout"
    );
}

#[test]
fn two_layouts_that_one_record_could_match_are_refused() {
    let refusal = refusal(json!({"fields": [["srcaddr", "bytes"], ["bytes", "srcaddr"]]}));
    assert_eq!(
        refusal.to_string(),
        "fields: two layouts have 2 fields, so a record could be of either; convert the objects \
         of each into an output of its own"
    );
}

#[test]
fn transit_gateway_flow_logs_have_a_format_of_their_own() {
    let shape = options(json!({"format": "tgw-flow-logs"}));
    assert_eq!(shape.columns().len(), 1 + 36);
    let record = "6 TransitGateway 123456789012 tgw-0 tgw-attach-0 123456789012 - vpc-0 vpc-1 \
                  subnet-0 subnet-1 eni-0 eni-1 use1-az1 use1-az2 tgw-attach-1 10.0.0.4 10.0.0.5 \
                  443 49152 6 1 40 0 59 OK IPv4 0 0 0 0 2 us-east-1 egress - -";
    assert_eq!(row_of(&shape, record), record.replace(' ', ","));
    assert_eq!(output_of(&shape, FLOW).summary.rejected, 1);
    assert_eq!(output_of(&flow_logs(), record).summary.rejected, 1);
}

#[test]
fn an_empty_list_of_fields_is_refused() {
    assert_eq!(
        refusal(json!({"fields": []})).to_string(),
        "fields: no field is named"
    );
}
