#![no_main]

use rehose_testkit::checks::unzip::check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check(data));
