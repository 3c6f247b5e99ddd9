#![no_main]

use rehose_testkit::checks::logs::check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check(data));
