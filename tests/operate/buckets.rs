//! Outputs in buckets: `rehose run` writes them, and `rehose cat` prints them.

use std::time::{SystemTime, UNIX_EPOCH};

use rehose_store::aws;
use rehose_tests::workspace::Workspace;

use crate::REHOSE;
use crate::command::{Finished, finish};

/// Makes a bucket, and returns its URL.
async fn bucket() -> String {
    // Without it, this would be the real AWS.
    std::env::var("AWS_ENDPOINT_URL")
        .expect("AWS_ENDPOINT_URL is not set: scripts/test starts the local AWS and sets it");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let name = format!("cat-{}", now.as_nanos());
    let client = aws::s3(&aws::config().await);
    client.create_bucket().bucket(&name).send().await.unwrap();
    format!("s3://{name}")
}

fn cat(args: &[&str]) -> Finished {
    finish(REHOSE.command(["cat"]).args(args))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the local AWS that scripts/test starts"]
async fn a_bucket_prints_as_a_folder_does() {
    let workspace = Workspace::sample_by(&REHOSE, &["--objects", "2", "--events", "100000"]);
    let folder = workspace.path("out");
    REHOSE.run(&workspace.stash(), &folder, &[]).with_status(0);
    let folder = folder.to_str().unwrap();
    let bucket = bucket().await;
    for to in ["csv", "parquet"] {
        let output = format!("{bucket}/{to}/rows");
        let finished = REHOSE.run(&workspace.stash(), output.as_ref(), &["--to", to]);
        finished.with_status(0);
        let expected = cat(&[folder]).with_status(0).out;
        for place in [
            output.clone(),
            format!("{output}/{to}/"),
            format!("{output}/{to}/20"),
        ] {
            assert!(cat(&[&place]).with_status(0).out == expected, "{place}");
        }
        // The objects are large enough to be read in ranges.
        let options = ["--columns", "start,srcaddr", "--where", "dstport=443"];
        let expected = cat(&[&[folder], &options[..]].concat()).with_status(0).out;
        assert!(expected.lines().count() > 100, "{expected}");
        assert!(
            cat(&[&[output.as_str()], &options[..]].concat())
                .with_status(0)
                .out
                == expected
        );

        let missing = format!("{output}/{to}/2019");
        let finished = cat(&[&missing]).with_status(1);
        assert!(
            finished
                .err
                .contains(&format!("no file of rows under {missing}")),
            "{finished:?}"
        );
    }
}
