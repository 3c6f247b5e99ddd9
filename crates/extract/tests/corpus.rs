//! Replays the inputs that fuzzing has collected.

use rehose_testkit::checks::{
    gunzip, hadoop_snappy, logs, replay, scanner, snappy, transcode, unzip, zstd,
};

#[test]
fn the_corpus_of_gunzip_holds() {
    replay("gunzip", gunzip::check);
}

#[test]
fn the_corpora_of_other_layers_hold() {
    replay("unzip", unzip::check);
    replay("snappy", snappy::check);
    replay("hadoop_snappy", hadoop_snappy::check);
    replay("zstd", zstd::check);
}

#[test]
fn the_corpus_of_logs_holds() {
    replay("logs", logs::check);
}

#[test]
fn the_corpus_of_scanner_holds() {
    replay("scanner", scanner::check);
}

#[test]
fn the_corpus_of_transcode_holds() {
    replay("transcode", transcode::check);
}
