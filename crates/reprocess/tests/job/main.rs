//! A job's promises, under messages that come twice, late, in any order or not at all.

mod check;
mod process;
mod start;
mod world;
