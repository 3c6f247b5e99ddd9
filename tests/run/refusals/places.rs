//! Sources and outputs that cannot be read or written.

use super::*;

/// Asserts that a run with this source and output is refused, and writes nothing.
#[track_caller]
fn refuses_places(workspace: &Workspace, source: &Path, output: &Path, words: &[&str]) {
    let before = files(&workspace.path(""));
    assert_refused(REHOSE.run(source, output, &[]), 2, words);
    assert_same(&before, &files(&workspace.path("")), "refused");
}

#[test]
fn a_source_that_is_not_there_is_refused() {
    let workspace = Workspace::small();
    let words = ["SOURCE", "not-there", "does not exist", "name the folder"];
    refuses_places(
        &workspace,
        &workspace.path("not-there"),
        &workspace.path("out"),
        &words,
    );
}

#[test]
fn a_source_that_is_a_file_is_refused() {
    let workspace = Workspace::small();
    let words = ["SOURCE", "stash/one", "is a file; name a folder"];
    refuses_places(
        &workspace,
        &workspace.path("stash/one"),
        &workspace.path("out"),
        &words,
    );
}

#[test]
fn an_expression_of_firehose_in_a_prefix_is_refused() {
    let prefix = "vpc/!{timestamp:yyyy}/";
    let words = ["!{timestamp:yyyy}", "Firehose", "give what is before it"];
    refuses(&["--prefix", prefix], &words);
    let workspace = Workspace::small();
    let bucket = Path::new("s3://stash/vpc/!{timestamp:yyyy}/");
    refuses_places(&workspace, bucket, &workspace.path("out"), &words);
    refuses_places(&workspace, &workspace.stash(), bucket, &words);
}

#[test]
fn an_empty_source_is_refused() {
    let workspace = Workspace::new();
    let words = ["there is no object under", "stash/", "check the prefix"];
    refuses_places(
        &workspace,
        &workspace.stash(),
        &workspace.path("out"),
        &words,
    );
}

#[test]
fn a_source_that_may_not_be_read_is_refused() {
    let workspace = Workspace::small();
    fs::set_permissions(workspace.stash(), Permissions::from_mode(0o000)).unwrap();
    let (source, output) = (workspace.stash(), workspace.path("out"));
    let finished = finish(&mut powerless(
        REHOSE.command(["run"]).arg(source).arg(&output),
    ));
    fs::set_permissions(workspace.stash(), Permissions::from_mode(0o700)).unwrap();
    assert_refused(
        finished,
        1,
        &[
            "stash",
            "Permission denied",
            "this command has begun nothing",
        ],
    );
    assert!(!output.exists());
}

#[test]
fn a_bucket_without_a_region_is_refused() {
    let workspace = Workspace::small();
    let output = workspace.path("out");
    let mut command = REHOSE.command(["run", "s3://stash/vpc/"]);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    // Nothing else may name a region.
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_CONFIG_FILE", workspace.path("none"));
    command
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    let finished = finish(command.arg(&output));
    assert_refused(finished, 2, &["no AWS region is set; set AWS_REGION"]);
    assert!(!output.exists());
}

#[test]
fn an_output_that_is_a_file_is_refused() {
    let workspace = Workspace::small();
    fs::write(workspace.path("file"), "").unwrap();
    let words = ["OUTPUT", "file is a file; name a folder"];
    refuses_places(
        &workspace,
        &workspace.stash(),
        &workspace.path("file"),
        &words,
    );
}

#[test]
fn an_output_under_the_source_is_refused_however_it_is_written() {
    let workspace = Workspace::small();
    let elsewhere = workspace.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(workspace.stash(), workspace.path("link")).unwrap();
    let hidden = [
        "stash",
        "stash/",
        "stash/out",
        "stash/out/deeper",
        "stash/../stash/out",
        "elsewhere/../stash/out",
        "elsewhere/not-there/../../stash/out",
        "not-there/../stash/out",
        "stash/not-there/../out",
        "./stash/./out",
        "link",
        "link/out",
        "elsewhere/../link/out",
        "not-there/../link/out",
    ];
    for output in hidden {
        let words = ["lies under the source", "take an output elsewhere"];
        refuses_places(
            &workspace,
            &workspace.stash(),
            &workspace.path(output),
            &words,
        );
        refuses_places(
            &workspace,
            &workspace.path("link"),
            &workspace.path(output),
            &words,
        );
    }
}

#[test]
fn an_output_under_the_source_is_refused_even_beside_the_prefix() {
    let workspace = Workspace::small();
    workspace.put("2020/two", &gzip(envelope(&[event(0, FLOW)])));
    for output in ["stash", "stash/out"] {
        let finished = REHOSE.run(
            &workspace.stash(),
            &workspace.path(output),
            &["--prefix", "2020/"],
        );
        assert_refused(finished, 2, &["lies under the source"]);
    }
    assert_eq!(files(&workspace.stash()).len(), 2);
}

#[test]
fn a_relative_output_under_the_source_is_refused() {
    let workspace = Workspace::small();
    for output in [".", "out", "../stash/out"] {
        let mut command = REHOSE.command(["run", ".", output]);
        command.current_dir(workspace.stash());
        assert_refused(finish(&mut command), 2, &["lies under the source"]);
    }
    assert_eq!(files(&workspace.stash()).len(), 1);
}

#[test]
fn a_source_among_the_rows_of_the_output_is_refused() {
    let workspace = Workspace::new();
    workspace.put("csv/2020/one", &gzip(envelope(&[event(0, FLOW)])));
    for source in ["stash/csv", "stash/csv/2020"] {
        let words = ["take an output elsewhere"];
        refuses_places(
            &workspace,
            &workspace.path(source),
            &workspace.stash(),
            &words,
        );
    }
}

#[test]
fn a_source_among_the_results_of_queries_of_the_output_is_refused() {
    let workspace = Workspace::new();
    workspace.put("athena/result.csv", b"query,result\n");
    let words = ["take an output elsewhere"];
    refuses_places(
        &workspace,
        &workspace.path("stash/athena"),
        &workspace.stash(),
        &words,
    );
}

#[test]
fn an_output_beside_the_source_is_fine_even_if_its_name_begins_alike() {
    let workspace = Workspace::small();
    for output in ["stash-out", "stash/../out", "stash/../stash2/deep/er"] {
        REHOSE
            .run(&workspace.stash(), &workspace.path(output), &[])
            .with_status(0);
    }
    assert_eq!(files(&workspace.stash()).len(), 1);
}
