#![no_main]

#[path = "../checks/transcode.rs"]
mod check;
#[path = "../../crates/extract/tests/oracle/mod.rs"]
mod oracle;
#[path = "../../crates/extract/tests/subject/mod.rs"]
mod subject;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check::check(data));
