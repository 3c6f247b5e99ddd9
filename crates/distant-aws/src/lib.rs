//! S3 and SQS for benchmarks: in memory, on loopback, at a set distance.
//!
//! Each request is answered no earlier than a delay after the arrival of its head. Neither bandwidth
//! nor the number of requests in flight is limited, so a measurement shows the waits of a client and
//! not the speed of this server. Signatures and checksums are not verified, and an answer has no
//! checksum.

mod answer;
mod chunked;
pub mod folder;
mod operation;
mod private;
mod refusal;
mod request;
mod s3;
mod server;
mod sqs;
mod statistics;

pub use server::Server;
