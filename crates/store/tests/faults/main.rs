//! What the adapters for AWS make of answers that no local AWS gives: the real clients, and a
//! script in the place of the network.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod publish;
mod s3;
mod sqs;

use std::fmt;
use std::sync::Arc;

use aws_sdk_s3::config::{Credentials, SharedHttpClient};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};

/// A network that answers with what the script says.
fn network(
    script: impl Fn(HttpRequest) -> HttpResponse + Send + Sync + 'static,
) -> SharedHttpClient {
    let script = SharedHttpConnector::new(Script(Arc::new(script)));
    http_client_fn(move |_, _| script.clone())
}

#[derive(Clone)]
struct Script(Arc<dyn Fn(HttpRequest) -> HttpResponse + Send + Sync>);

impl fmt::Debug for Script {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Script")
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Ok((self.0)(request)))
    }
}

fn answer(status: u16, body: impl Into<SdkBody>) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), body.into())
}

fn query(request: &HttpRequest) -> &str {
    request.uri().split_once('?').map_or("", |(_, query)| query)
}

fn credentials() -> Credentials {
    Credentials::new("key", "secret", None, None, "test")
}
