//! Multipart uploads.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use hyper::StatusCode;

use super::{Bucket, Object};
use crate::answer::{self, Answer, Tag};
use crate::refusal::Refusal;
use crate::request::Head;

/// An upload that is neither completed nor aborted.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) key: String,
    parts: BTreeMap<u32, Bytes>,
}

impl Bucket {
    pub(super) fn create_upload(&mut self, head: &Head, id: Tag) -> Answer {
        let upload = Upload {
            key: head.key.clone(),
            parts: BTreeMap::new(),
        };
        self.uploads.insert(id.to_string(), upload);
        answer::xml(format!(
            "<InitiateMultipartUploadResult><UploadId>{id}</UploadId>\
             </InitiateMultipartUploadResult>"
        ))
    }

    pub(super) fn upload_part(&mut self, head: &Head, part: Object) -> Result<Answer, Refusal> {
        const NO_NUMBER: Refusal = Refusal::malformed("The part has no number");
        let number = head.parameter("partNumber");
        let number = number.and_then(|number| number.parse().ok());
        let upload = self.uploads.get_mut(id(head));
        let upload = upload.ok_or(Refusal::no_such_upload())?;
        upload.parts.insert(number.ok_or(NO_NUMBER)?, part.content);
        Ok(part.etag.answer())
    }

    pub(super) fn complete_upload(
        &mut self,
        head: &Head,
        request: &Bytes,
        etag: Tag,
    ) -> Result<Answer, Refusal> {
        let upload = self.uploads.get(id(head));
        let upload = upload.ok_or(Refusal::no_such_upload())?;
        let mut content = BytesMut::new();
        for number in part_numbers(request) {
            let part = number.and_then(|number| upload.parts.get(&number));
            content.extend_from_slice(part.ok_or(Refusal::invalid_part())?);
        }
        let content = content.freeze();
        self.put(head, Object::new(content, etag))?;
        self.uploads.remove(id(head));
        Ok(answer::xml(format!(
            "<CompleteMultipartUploadResult><ETag>&quot;{etag}&quot;</ETag>\
             </CompleteMultipartUploadResult>"
        )))
    }

    pub(super) fn abort_upload(&mut self, head: &Head) -> Result<Answer, Refusal> {
        let upload = self.uploads.remove(id(head));
        upload.ok_or(Refusal::no_such_upload())?;
        let mut answer = Answer::default();
        *answer.status_mut() = StatusCode::NO_CONTENT;
        Ok(answer)
    }
}

fn id(head: &Head) -> &str {
    head.parameter("uploadId").unwrap_or_default()
}

/// The numbers of the parts that a request to complete an upload lists. They need no parser of XML:
/// nothing else in such a request could look like them.
fn part_numbers(request: &[u8]) -> impl Iterator<Item = Option<u32>> {
    let request = str::from_utf8(request).unwrap_or_default();
    request.split("<PartNumber>").skip(1).map(|rest| {
        let (number, _) = rest.split_once("</PartNumber>")?;
        number.parse().ok()
    })
}
