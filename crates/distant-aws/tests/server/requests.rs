//! Requests that the product does not send, or not always.

use std::fs;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use rehose_distant_aws::{Server, folder};

use crate::{bucket, config, serve};

#[tokio::test]
async fn takes_a_streamed_body_in_chunks() {
    let (client, _) = bucket("bucket").await;
    let dir = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..3_000_000).map(|at| (at % 251) as u8).collect();
    fs::write(dir.path().join("file"), &content).unwrap();

    let body = ByteStream::from_path(dir.path().join("file"))
        .await
        .unwrap();
    let request = client.put_object().bucket("bucket").key("a").body(body);
    request.send().await.unwrap();

    let request = client.get_object().bucket("bucket").key("a");
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.content_length(), Some(3_000_000));
    assert!(answer.e_tag().is_some());
    let mut read = Vec::new();
    while let Some(chunk) = answer.body.try_next().await.unwrap() {
        read.extend_from_slice(&chunk);
    }
    assert!(read == content);
}

#[tokio::test]
async fn refuses_what_s3_refuses() {
    let (client, _) = bucket("bucket").await;
    let get = client.get_object().bucket("bucket").key("a").send().await;
    assert_eq!(get.unwrap_err().code(), Some("NoSuchKey"));

    let upload = client.create_multipart_upload().bucket("bucket").key("a");
    let upload = upload.send().await.unwrap();
    for (id, code) in [
        (upload.upload_id(), "InvalidPart"),
        (Some("-"), "NoSuchUpload"),
    ] {
        let part = CompletedPart::builder().part_number(1).build();
        let request = client.complete_multipart_upload().bucket("bucket").key("a");
        let answer = request
            .upload_id(id.unwrap())
            .multipart_upload(CompletedMultipartUpload::builder().parts(part).build())
            .send()
            .await;
        assert_eq!(answer.unwrap_err().code(), Some(code));
    }
    let delete = client.delete_object().bucket("bucket").key("a");
    let error = delete.send().await.unwrap_err();
    assert_eq!(error.code(), Some("NotImplemented"));
}

#[tokio::test]
async fn serves_the_files_of_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("a b")).unwrap();
    fs::write(dir.path().join("a b/c"), "text").unwrap();
    fs::write(dir.path().join("d"), "").unwrap();
    let server = Server::default();
    server.fill("stash", folder::read(dir.path()).unwrap());

    let client = rehose_store::aws::s3(&config(serve(server).await).await);
    let head = client.head_object().bucket("stash").key("a b/c");
    let head = head.send().await.unwrap();
    assert_eq!(head.content_length(), Some(4));
    let listing = client.list_objects_v2().bucket("stash").send().await;
    assert_eq!(listing.unwrap().contents().len(), 2);
}
