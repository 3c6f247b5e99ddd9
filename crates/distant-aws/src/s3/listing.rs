//! Listings. Their texts are always encoded, as clients ask for: XML has no word for some characters.

use std::fmt::Write;
use std::ops::Bound;

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode,
};

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
        let token = head.parameter("continuation-token");
        let token = token.map(|token| percent_decode_str(token).decode_utf8_lossy());
        let after = (token.as_deref()).or(head.parameter("start-after"));
        let after = after.unwrap_or_default();
        let delimiter = head.parameter("delimiter");
        let limit = head
            .parameter("max-keys")
            .and_then(|most| most.parse().ok());
        let limit = limit.unwrap_or(MAX_KEYS).min(MAX_KEYS);
        let from = match after < prefix {
            true => Bound::Included(prefix),
            false => Bound::Excluded(after),
        };
        let found = self
            .objects
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix));
        let (mut contents, mut folders) = (String::new(), String::new());
        let (mut count, mut last, mut folder) = (0, String::new(), None);
        let mut more = false;
        for (key, object) in found {
            let part_of = delimiter.and_then(|delimiter| folder_of(key, prefix, delimiter));
            // All keys in a folder are one entry.
            if part_of.is_some() && part_of == folder {
                continue;
            }
            if count == limit {
                more = true;
                break;
            }
            count += 1;
            folder = part_of;
            // Writing to a string never fails.
            let _ = match folder {
                Some(folder) => {
                    last = format!("{folder}{}", char::MAX);
                    let folder = encoded(folder);
                    write!(
                        folders,
                        "<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>"
                    )
                }
                None => {
                    last.clone_from(key);
                    write!(
                        contents,
                        "<Contents><Key>{}</Key><LastModified>{:.3}</LastModified>\
                         <ETag>&quot;{}&quot;</ETag><Size>{}</Size><StorageClass>STANDARD</StorageClass>\
                         </Contents>",
                        encoded(key),
                        object.modified,
                        object.etag,
                        object.content.len()
                    )
                }
            };
        }
        let next = match more {
            true => {
                let last = encoded(&last);
                format!("<NextContinuationToken>{last}</NextContinuationToken>")
            }
            false => String::new(),
        };
        answer::xml(format!(
            "<ListBucketResult><Prefix>{}</Prefix><MaxKeys>{limit}</MaxKeys>\
             <EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>{next}{contents}\
             {folders}</ListBucketResult>",
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

/// The beginning of a key up to the first delimiter after the prefix.
fn folder_of<'a>(key: &'a str, prefix: &str, delimiter: &str) -> Option<&'a str> {
    let end = prefix.len() + key.get(prefix.len()..)?.find(delimiter)? + delimiter.len();
    key.get(..end)
}

fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, ENCODED)
}
