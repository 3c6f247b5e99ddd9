//! The server, as the clients of AWS see it: the suites of stores and queues, and what only a
//! benchmark needs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod distance;
mod queues;
mod requests;
mod stores;

use aws_config::{Region, SdkConfig};
use aws_sdk_s3::config::Credentials;
use rehose_distant_aws::Server;
use tokio::net::TcpListener;

/// Serves on a port of its own and returns it.
async fn serve(server: Server) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(server.serve(listener));
    port
}

/// The configuration of clients for it.
async fn config(port: u16) -> SdkConfig {
    rehose_store::aws::loader()
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .load()
        .await
}

/// The configuration of clients for a fresh server.
async fn fresh() -> SdkConfig {
    config(serve(Server::default()).await).await
}

/// A client of S3 on a fresh server with an empty bucket.
async fn bucket(name: &str) -> (aws_sdk_s3::Client, u16) {
    let port = serve(Server::default()).await;
    let client = rehose_store::aws::s3(&config(port).await);
    client.create_bucket().bucket(name).send().await.unwrap();
    (client, port)
}
