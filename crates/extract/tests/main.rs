//! Transcoding and merging, through the public way in. One binary: it is compiled and linked once.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod bounds;
mod corpus;
mod dialects;
mod digest;
mod failures;
mod flow_log;
mod formats;
mod layers;
mod logs;
mod merge;
mod properties;
mod regex_dialect;
mod skydive;
mod texts;
mod tolerance;
