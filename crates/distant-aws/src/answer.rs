//! Answers, and what most of them have.

use std::fmt;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderValue};

pub(crate) type Answer = Response<Full<Bytes>>;

pub(crate) fn xml(body: String) -> Answer {
    of_type("application/xml", body)
}

/// As SQS says it in the JSON protocol of AWS.
pub(crate) fn json(body: String) -> Answer {
    of_type("application/x-amz-json-1.0", body)
}

fn of_type(name: &'static str, body: String) -> Answer {
    let mut answer = Answer::new(body.into());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(name));
    answer
}

/// An ETag or the id of an upload. No two are equal, even of equal objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag(u64);

impl Tag {
    pub(crate) fn next(last: &mut u64) -> Self {
        *last += 1;
        Self(*last)
    }

    /// The value of the header `ETag`.
    pub(crate) fn header(self) -> HeaderValue {
        let quoted = HeaderValue::try_from(format!("\"{self}\""));
        quoted.unwrap_or_else(|_| self.0.into())
    }

    /// An answer that says only this.
    pub(crate) fn answer(self) -> Answer {
        let mut answer = Answer::default();
        answer.headers_mut().insert(ETAG, self.header());
        answer
    }
}

impl fmt::Display for Tag {
    /// As long as an MD5, which S3's are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
