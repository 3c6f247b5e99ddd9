//! Calls of the local AWS for which no crate is compiled: `local_aws.py` makes them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The answer to an operation of a service, of all pages.
pub fn call(service: &str, operation: &str, arguments: &Value) -> Value {
    ask(&["call", service, operation], arguments)
}

/// Creates a stack of CloudFormation, and returns its outputs.
pub fn deploy(name: &str, template: &Value) -> Value {
    ask(&["deploy", name], template)
}

fn ask(arguments: &[&str], input: &Value) -> Value {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(tests.join("../.tools/local/venv/bin/python"));
    command.arg(tests.join("local_aws.py")).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}
