//! AWS's own logs: every row is what the oracle makes of the line, in chunks of any size, and as CSV and as
//! Parquet.

mod balancers;
mod cloudfront;
mod json;
mod reassembly;
mod s3;
mod subject;
