//! What the tests of several crates share.
//!
//! Objects and rows:
//!
//! - [`stash`]: builds objects as Firehose writes them.
//! - [`oracle`]: works out the right result for an object or a stash, without the product's code.
//! - [`shapes`], [`subject`]: transcode an object and compare the result with the oracle's.
//! - [`output`]: reads the files of an output.
//! - [`texts`]: texts to compress.
//! - [`checks`]: what the fuzz targets check.
//!
//! Stores and queues, with the feature `stores`:
//!
//! - `cloud`: a small AWS in virtual time, with the faults of the large one.
//! - `fault_store`: a store that fails as a test wants it to.
//! - `store_suite`, `queue_suite`: what every store and every queue must do. The macro
//!   [`suites!`] runs a suite on an adapter.
//! - `aws`: buckets and queues for the suites, with the feature `aws`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads only what it knows to be small"
)]

#[cfg(feature = "aws")]
pub mod aws;
pub mod checks;
#[cfg(feature = "stores")]
pub mod cloud;
#[cfg(feature = "stores")]
pub mod fault_store;
pub mod oracle;
pub mod output;
pub mod parquet;
#[cfg(feature = "stores")]
pub mod queue_suite;
pub mod shapes;
pub mod stash;
#[cfg(feature = "stores")]
pub mod store_suite;
pub mod subject;
pub mod texts;

/// Runs a suite on an adapter, of which `$place()` makes a fresh one for each test.
#[macro_export]
macro_rules! suites {
    ($(#[$mark:meta])* store $place:path) => {
        $crate::suites!(@tests [$(#[$mark])*] store_suite $place;
            lists_in_the_order_of_the_keys_bytes
            tags_an_object_anew_when_its_content_changes
            pages_through_every_key
            starts_after_a_key_that_does_not_exist
            takes_a_prefix_as_a_string
            says_whether_more_follows
            lists_nothing_where_nothing_is
            lists_the_folders_of_a_folder
            reads_what_was_written
            reads_a_range_of_an_object
            reads_no_missing_object
            replaces_an_object_whole
            shows_nothing_before_it_is_complete
            leaves_nothing_of_an_aborted_object
            leaves_nothing_of_a_dropped_object
            puts_an_object_only_once
            lets_one_of_many_put_an_object
            publishes_an_object_whole
            publishes_an_object_as_often_as_it_is_told
            publishes_no_missing_object
            publishes_under_any_key
            shows_the_old_object_or_the_new_one
            tells_the_size_of_an_object
            tells_when_an_object_was_written
            refuses_an_impossible_key
        );
    };
    ($(#[$mark:meta])* queue $place:path) => {
        $crate::suites!(@tests [$(#[$mark])*] queue_suite $place;
            delivers_what_was_sent
            takes_an_empty_batch
            refuses_more_than_a_batch
            takes_no_more_bytes_than_a_batch_has
            counts_what_waits_and_what_is_in_flight
        );
    };
    (@tests $marks:tt $suite:ident $place:path; $($test:ident)*) => {
        $($crate::suites!(@test $marks $suite $place; $test);)*
    };
    (@test [$(#[$mark:meta])*] $suite:ident $place:path; $test:ident) => {
        #[tokio::test(flavor = "multi_thread")]
        $(#[$mark])*
        async fn $test() {
            let place = $place().await;
            $crate::$suite::$test(&place).await;
        }
    };
}
