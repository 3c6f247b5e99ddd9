//! Listings. Their texts are always encoded, as clients ask for: XML has no word for some characters.

use std::fmt::Write;
use std::ops::Bound;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

use super::Bucket;
use crate::answer::{self, Answer};
use crate::request::Head;

/// The most keys of a page
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>).
const MAX_KEYS: usize = 1_000;

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*');

impl Bucket {
    pub(super) fn list(&self, head: &Head) -> Answer {
        let prefix = head.parameter("prefix").unwrap_or_default();
        let after = head.parameter("start-after").unwrap_or_default();
        let limit = head
            .parameter("max-keys")
            .and_then(|most| most.parse().ok());
        let limit = limit.unwrap_or(MAX_KEYS).min(MAX_KEYS);
        let from = match after < prefix {
            true => Bound::Included(prefix),
            false => Bound::Excluded(after),
        };
        let mut found = self
            .objects
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix));
        let mut contents = String::new();
        for (key, object) in found.by_ref().take(limit) {
            // Writing to a string never fails.
            let _ = write!(
                contents,
                "<Contents><Key>{}</Key><LastModified>2020-02-01T00:00:00.000Z</LastModified>\
                 <ETag>&quot;{}&quot;</ETag><Size>{}</Size><StorageClass>STANDARD</StorageClass>\
                 </Contents>",
                encoded(key),
                object.etag,
                object.content.len()
            );
        }
        let more = found.next().is_some();
        answer::xml(format!(
            "<ListBucketResult><Prefix>{}</Prefix><MaxKeys>{limit}</MaxKeys>\
             <EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>{contents}\
             </ListBucketResult>",
            encoded(prefix)
        ))
    }

    pub(super) fn list_uploads(&self) -> Answer {
        let mut uploads = String::new();
        for (id, upload) in &self.uploads {
            let key = encoded(&upload.key);
            // As above.
            let _ = write!(
                uploads,
                "<Upload><Key>{key}</Key><UploadId>{id}</UploadId></Upload>"
            );
        }
        answer::xml(format!(
            "<ListMultipartUploadsResult><EncodingType>url</EncodingType>\
             <IsTruncated>false</IsTruncated>{uploads}</ListMultipartUploadsResult>"
        ))
    }
}

fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, ENCODED)
}
