//! Replays the inputs that fuzzing has collected.

use rehose_testkit::checks::{gunzip, replay, scanner, transcode};

#[test]
fn the_corpus_of_gunzip_holds() {
    replay("gunzip", gunzip::check);
}

#[test]
fn the_corpus_of_scanner_holds() {
    replay("scanner", scanner::check);
}

#[test]
fn the_corpus_of_transcode_holds() {
    replay("transcode", transcode::check);
}
