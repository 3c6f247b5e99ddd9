//! Bodies in the content encoding `aws-chunked`: chunks with their lengths, then trailers
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>).

use bytes::{Buf, Bytes, BytesMut};

use crate::refusal::Refusal;

const MALFORMED: Refusal = Refusal::malformed("The body is not in the encoding aws-chunked");

/// The content of such a body. Signatures of chunks and trailers are skipped.
pub(crate) fn decode(mut body: Bytes) -> Result<Bytes, Refusal> {
    // Nearly every body is one chunk, which needs no copy.
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    loop {
        let chunk = take_chunk(&mut body)?;
        if chunk.is_empty() {
            break;
        }
        if first.is_empty() {
            first = chunk;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&chunk);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Takes a chunk off the body. The last one is empty and has no end of its own: trailers follow.
fn take_chunk(body: &mut Bytes) -> Result<Bytes, Refusal> {
    let end = body.windows(2).position(|two| two == b"\r\n");
    let head = body.split_to(end.ok_or(MALFORMED)?);
    body.advance(2);
    let head = str::from_utf8(&head).map_err(|_| MALFORMED)?;
    let length = head.split(';').next().unwrap_or_default();
    let length = usize::from_str_radix(length, 16).map_err(|_| MALFORMED)?;
    if length == 0 {
        return Ok(Bytes::new());
    }
    if body
        .get(length..)
        .is_none_or(|rest| !rest.starts_with(b"\r\n"))
    {
        return Err(MALFORMED);
    }
    let chunk = body.split_to(length);
    body.advance(2);
    Ok(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(body: &'static str) -> Option<Bytes> {
        decode(Bytes::from_static(body.as_bytes())).ok()
    }

    #[test]
    fn reads_what_clients_send() {
        for (body, content) in [
            ("0\r\n\r\n", ""),
            ("0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", ""),
            (
                "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
                "hello",
            ),
            (
                "a\r\n0123\r\n5678\r\n2;chunk-signature=ad80c7\r\nzz\r\n0\r\n\r\n",
                "0123\r\n5678zz",
            ),
            ("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n", "abc"),
        ] {
            assert_eq!(
                decoded(body).as_deref(),
                Some(content.as_bytes()),
                "{body:?}"
            );
        }
    }

    #[test]
    fn refuses_all_else() {
        for body in [
            "",
            "hello",
            "5\r\nhello",
            "5\r\nhello\r\n",
            "4\r\nhello\r\n0\r\n\r\n",
            "6\r\nhello\r\n0\r\n\r\n",
            "x\r\nhello\r\n0\r\n\r\n",
            "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        ] {
            assert_eq!(decoded(body), None, "{body:?}");
        }
    }
}
