#![no_main]

use rehose_testkit::checks::hadoop_snappy::check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check(data));
