#![no_main]

use rehose_testkit::checks::gunzip::check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check(data));
