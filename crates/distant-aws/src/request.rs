//! Requests, as far as an operation looks at them.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::header::CONTENT_ENCODING;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use crate::chunked;
use crate::refusal::Refusal;

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    /// The part of the path before the second slash.
    pub(crate) bucket: String,
    /// The rest of the path.
    pub(crate) key: String,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
}

impl Head {
    pub(crate) fn new(parts: Parts) -> Result<Self, Refusal> {
        let path = parts.uri.path();
        let path = path.strip_prefix('/').unwrap_or(path);
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let mut query = BTreeMap::new();
        for pair in parts.uri.query().unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            query.insert(decoded(name)?, decoded(value)?);
        }
        Ok(Self {
            method: parts.method,
            bucket: decoded(bucket)?,
            key: decoded(key)?,
            query,
            headers: parts.headers,
        })
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The bucket and the key of the object to copy.
    pub(crate) fn copy_source(&self) -> Option<(String, String)> {
        let source = decoded(self.header("x-amz-copy-source")?).ok()?;
        let (bucket, key) = source.split_once('/')?;
        Some((bucket.to_owned(), key.to_owned()))
    }

    /// The content of the request's body.
    pub(crate) fn content(&self, body: Bytes) -> Result<Bytes, Refusal> {
        let encodings = self.header(CONTENT_ENCODING.as_str()).unwrap_or_default();
        match encodings.split(',').any(|one| one.trim() == "aws-chunked") {
            true => chunked::decode(body),
            false => Ok(body),
        }
    }
}

fn decoded(text: &str) -> Result<String, Refusal> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Refusal::malformed("The path or the query is not UTF-8")),
    }
}
