//! The format `s3-access`: server access logs of S3.
//!
//! Quotes inside a field are not escaped, so that a client can write whatever looks like the next fields.
//! A line is therefore read from both ends: what is before the request has no spaces, what comes after the
//! user agent has neither spaces nor quotes, and in between the status and five more words follow the request.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memmem, memrchr};

use super::log::{Log, LogColumn, column};
use super::row::Row;
use super::spaced::ABSENT;
use crate::rejection::Rejection;
use crate::schema::FieldKind::{BigInt, Int, Text, Timestamp};

pub(super) const LOG: S3Access = S3Access;

#[derive(Debug)]
pub(super) struct S3Access;

/// The names are those of AWS's own table
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html>).
/// It has no `sourceregion`.
const COLUMNS: [LogColumn; FIELDS + 1] = [
    column("bucketowner", Text),
    column("bucket_name", Text),
    column("requestdatetime", Timestamp),
    column("remoteip", Text),
    column("requester", Text),
    column("requestid", Text),
    column("operation", Text),
    column("key", Text),
    column("request_uri", Text),
    column("httpstatus", Int),
    column("errorcode", Text),
    column("bytessent", BigInt),
    column("objectsize", BigInt),
    column("totaltime", BigInt),
    column("turnaroundtime", BigInt),
    column("referrer", Text),
    column("useragent", Text),
    column("versionid", Text),
    column("hostid", Text),
    column("sigv", Text),
    column("ciphersuite", Text),
    column("authtype", Text),
    column("endpoint", Text),
    column("tlsversion", Text),
    column("accesspointarn", Text),
    column("aclrequired", Text),
    column("sourceregion", Text),
    super::quoted::MORE,
];

/// The fields of a line.
const FIELDS: usize = 27;

/// The fields up to the user agent.
const BEFORE_TAIL: usize = 17;

/// The numbers of fields that AWS has written before it added the last ones.
const EARLIER: [usize; 4] = [18, 24, 25, 26];

impl Log for S3Access {
    fn columns(&self) -> Vec<LogColumn> {
        COLUMNS.to_vec()
    }

    fn time(&self) -> &'static str {
        "requestdatetime"
    }

    fn fact(&self) -> &'static str {
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html"
    }

    fn key_folders(&self) -> Option<&'static str> {
        None
    }

    fn split(&self, row: &mut Row<'_>) -> Result<(), Rejection> {
        let line = Line {
            message: row.message,
        };
        let parts = line.parts().ok_or(Rejection::NoMatch)?;
        let tail = || line.words(parts.tail);
        let count = BEFORE_TAIL + tail().count();
        if count < FIELDS && !EARLIER.contains(&count) {
            return Err(Rejection::FieldCount(count));
        }
        for field in parts.head {
            row.add(field)?;
        }
        for field in [parts.uri].into_iter().chain(parts.status.map(Some)) {
            row.add_if(field)?;
        }
        row.add_if(parts.referrer)?;
        row.add_if(parts.user_agent)?;
        for field in tail().take(FIELDS - BEFORE_TAIL) {
            row.add(field)?;
        }
        match tail().nth(FIELDS - BEFORE_TAIL) {
            Some(more) => row.set_value(FIELDS, more.start..row.message.len()),
            None => Ok(()),
        }
    }
}

/// A field that may be `-` without quotes, which is none.
type Quoted = Option<Range<usize>>;

/// The status, the error code, two sizes and two times.
type Status = [Range<usize>; 6];

struct Line<'a> {
    message: &'a [u8],
}

/// The places of the fields.
struct Parts {
    /// Up to the key.
    head: [Range<usize>; 8],
    uri: Quoted,
    /// From the status to the turn-around time.
    status: Status,
    referrer: Quoted,
    user_agent: Quoted,
    /// Where the fields after the user agent begin.
    tail: usize,
}

impl Line<'_> {
    fn parts(&self) -> Option<Parts> {
        let mut at = 0;
        let mut head: [Range<usize>; 8] = Default::default();
        for (number, field) in head.iter_mut().enumerate() {
            let is_time = number == 2;
            *field = match is_time {
                true => self.bracketed(at)?,
                false => self.word(at)?,
            };
            at = field.end + usize::from(is_time) + 1;
        }
        let (uri, status) = self.request(at)?;
        let at = status[5].end + 1;
        let (referrer, user_agent, tail) = self.agent(at)?;
        Some(Parts {
            head,
            uri,
            status,
            referrer,
            user_agent,
            tail,
        })
    }

    /// Returns the word at a place. A space follows it.
    fn word(&self, at: usize) -> Option<Range<usize>> {
        let end = at + memchr(b' ', self.message.get(at..)?)?;
        (end > at).then_some(at..end)
    }

    /// Returns what is in the brackets at a place. A space follows them.
    fn bracketed(&self, at: usize) -> Option<Range<usize>> {
        let inside = self.message.get(at..)?.strip_prefix(b"[")?;
        let end = memchr(b']', inside)?;
        (inside.get(end + 1) == Some(&b' ')).then_some(at + 1..at + 1 + end)
    }

    /// Returns the request at a place, and the status and the words after it.
    ///
    /// The first place counts where these follow a quote. They may be in the request, but more easily in the
    /// headers after it, which a client chooses freely.
    fn request(&self, at: usize) -> Option<(Quoted, Status)> {
        let rest = self.message.get(at..)?;
        if rest.starts_with(b"- ") {
            return Some((None, self.status(at + 2)?));
        }
        let inside = rest.strip_prefix(b"\"")?;
        memchr_iter(b'"', inside).find_map(|end| {
            let end = at + 1 + end;
            let status =
                (self.message.get(end + 1) == Some(&b' ')).then(|| self.status(end + 2))?;
            Some((Some(at + 1..end), status?))
        })
    }

    /// Returns the status, the error code, two sizes and two times at a place.
    fn status(&self, at: usize) -> Option<Status> {
        let mut fields: Status = Default::default();
        let mut at = at;
        for (number, field) in fields.iter_mut().enumerate() {
            *field = self.word(at)?;
            let text = &self.message[field.clone()];
            let is_right = match number {
                _ if text == ABSENT => true,
                0 => text.len() == 3 && text.iter().all(u8::is_ascii_digit),
                1 => text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'.'),
                _ => text.iter().all(u8::is_ascii_digit),
            };
            if !is_right {
                return None;
            }
            at = field.end + 1;
        }
        Some(fields)
    }

    /// Returns the referrer and the user agent, which begin at a place, and where the fields after them begin.
    fn agent(&self, at: usize) -> Option<(Quoted, Quoted, usize)> {
        let rest = self.message.get(at..)?;
        let bare = |rest: &[u8]| match rest {
            b"-" => Some(1),
            _ => rest.starts_with(b"- ").then_some(2),
        };
        let Some(last) = memrchr(b'"', rest) else {
            let one = bare(rest)?;
            let two = bare(&rest[one..])?;
            return Some((None, None, at + one + two));
        };
        let after = match rest.get(last + 1) {
            None => last + 1,
            Some(b' ') => last + 2,
            Some(_) => return None,
        };
        let quoted = &rest[..last];
        if let Some(agent) = quoted.strip_prefix(b"- \"") {
            let begin = at + last - agent.len();
            return Some((None, Some(begin..at + last), at + after));
        }
        quoted.strip_prefix(b"\"").filter(|_| last > 0)?;
        match memmem::find(&rest[1..=last], b"\" \"").filter(|end| end + 4 <= last) {
            Some(end) => {
                let (referrer, agent) = (at + 1..at + 1 + end, at + end + 4..at + last);
                Some((Some(referrer), Some(agent), at + after))
            }
            // The last quote is that of the referrer.
            None => {
                let agent = bare(&rest[after..])?;
                Some((Some(at + 1..at + last), None, at + after + agent))
            }
        }
    }

    /// Returns the words from a place on.
    fn words(&self, at: usize) -> impl Iterator<Item = Range<usize>> {
        let rest = self.message.get(at..).unwrap_or_default();
        super::spaced::fields(rest).map(move |word| at + word.start..at + word.end)
    }
}
