//! Buckets in memory, and the operations on them.

mod listing;
mod upload;

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderValue, LAST_MODIFIED, RANGE};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::answer::{self, Answer, Tag};
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::request::Head;
use upload::Upload;

/// All buckets.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    by_name: BTreeMap<String, Bucket>,
    tags: u64,
}

#[derive(Debug, Default)]
struct Bucket {
    objects: BTreeMap<String, Object>,
    uploads: BTreeMap<String, Upload>,
}

#[derive(Debug)]
struct Object {
    content: Bytes,
    etag: Tag,
    modified: Timestamp,
}

impl Object {
    /// An object that is written now.
    fn new(content: Bytes, etag: Tag) -> Self {
        let modified = Timestamp::now();
        Self {
            content,
            etag,
            modified,
        }
    }
}

impl Buckets {
    /// Adds objects to a bucket, which need not exist.
    pub(crate) fn fill(
        &mut self,
        bucket: &str,
        objects: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) {
        let bucket = self.by_name.entry(bucket.to_owned()).or_default();
        for (key, content) in objects {
            let content = content.into();
            let etag = Tag::next(&mut self.tags);
            bucket.objects.insert(key, Object::new(content, etag));
        }
    }

    pub(crate) fn perform(
        &mut self,
        operation: Operation,
        head: &Head,
        content: Bytes,
    ) -> Result<Answer, Refusal> {
        if operation == Operation::CreateBucket {
            self.by_name.entry(head.bucket.clone()).or_default();
            return Ok(Answer::default());
        }
        let etag = Tag::next(&mut self.tags);
        if operation == Operation::CopyObject {
            return self.copy(head, etag);
        }
        let bucket = self.by_name.get_mut(&head.bucket);
        let bucket = bucket.ok_or(Refusal::no_such_bucket())?;
        match operation {
            Operation::GetObject | Operation::HeadObject => bucket.read(head),
            Operation::PutObject => bucket.put(head, Object::new(content, etag)),
            Operation::ListObjectsV2 => Ok(bucket.list(head)),
            Operation::CreateMultipartUpload => Ok(bucket.create_upload(head, etag)),
            Operation::UploadPart => bucket.upload_part(head, Object::new(content, etag)),
            Operation::CompleteMultipartUpload => bucket.complete_upload(head, &content, etag),
            Operation::AbortMultipartUpload => bucket.abort_upload(head),
            Operation::ListMultipartUploads => Ok(bucket.list_uploads()),
            _ => Err(Refusal::not_implemented()),
        }
    }
}

impl Buckets {
    fn copy(&mut self, head: &Head, etag: Tag) -> Result<Answer, Refusal> {
        const NO_SOURCE: Refusal = Refusal::malformed("The copy has no source");
        let (bucket, key) = head.copy_source().ok_or(NO_SOURCE)?;
        let source = self.by_name.get(&bucket).ok_or(Refusal::no_such_bucket())?;
        let source = source.objects.get(&key).ok_or(Refusal::no_such_key())?;
        let content = source.content.clone();
        let bucket = self.by_name.get_mut(&head.bucket);
        let bucket = bucket.ok_or(Refusal::no_such_bucket())?;
        bucket.put(head, Object::new(content, etag))?;
        Ok(answer::xml(format!(
            "<CopyObjectResult><ETag>&quot;{etag}&quot;</ETag></CopyObjectResult>"
        )))
    }
}

impl Bucket {
    fn read(&self, head: &Head) -> Result<Answer, Refusal> {
        let object = self.objects.get(&head.key);
        let Object {
            content,
            etag,
            modified,
        } = object.ok_or(Refusal::no_such_key())?;
        let range = range(head, content.len())?;
        let content = match &range {
            None => content.clone(),
            Some(range) => content.slice(range.clone()),
        };
        let length = content.len();
        let mut answer = Answer::new(content.into());
        if let Some(range) = range {
            *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
            let place = format!("bytes {}-{}/*", range.start, range.end - 1);
            let place = HeaderValue::try_from(place).map_err(|_| Refusal::invalid_range())?;
            answer.headers_mut().insert(CONTENT_RANGE, place);
        }
        let headers = answer.headers_mut();
        headers.insert(ETAG, etag.header());
        let modified = DateTimePrinter::new().timestamp_to_rfc9110_string(modified);
        if let Some(modified) = modified.ok().and_then(|time| time.parse().ok()) {
            headers.insert(LAST_MODIFIED, modified);
        }
        // The answer to `HEAD` has the length too, but no body to take it from.
        headers.insert(CONTENT_LENGTH, length.into());
        Ok(answer)
    }

    fn put(&mut self, head: &Head, object: Object) -> Result<Answer, Refusal> {
        if head.header("if-none-match") == Some("*") && self.objects.contains_key(&head.key) {
            return Err(Refusal::precondition_failed());
        }
        let answer = object.etag.answer();
        self.objects.insert(head.key.clone(), object);
        Ok(answer)
    }
}

/// The bytes of an object that are asked for, if not all are.
///
/// # Errors
///
/// As S3, if the object ends before they begin.
fn range(head: &Head, length: usize) -> Result<Option<Range<usize>>, Refusal> {
    let Some(wanted) = head.header(RANGE.as_str()) else {
        return Ok(None);
    };
    let parsed = || {
        let (first, last) = wanted.strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()?))
    };
    let (first, last) = parsed().ok_or(Refusal::not_implemented())?;
    match first < length && first <= last {
        true => Ok(Some(first..length.min(last + 1))),
        false => Err(Refusal::invalid_range()),
    }
}
