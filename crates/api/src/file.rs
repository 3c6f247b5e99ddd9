//! The content of a digest: one of its files, or its proof.

use std::str::FromStr;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use headers_accept::Accept;
use mediatype::{MediaType, Name, names};
use rehose_reprocess::digest::{DigestFile, DigestOutcome, Proof, PublishedFile};
use rehose_reprocess::error::Error;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::{ReaderStream, StreamReader};

use crate::Api;
use crate::parameters::Parameters;
use crate::problem::Problem;

/// The most bytes of a file that are an answer themselves, if the store has links: a response of Lambda has 6 MB at
/// most, and binary content is a third longer in it
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const LARGE: u64 = 4 * 1024 * 1024;

/// How long a link to a large file can be used.
const LINK_TIME: Duration = Duration::from_secs(15 * 60);

/// What a client wants of a digest.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// By the parameter `as`.
    named: Option<Content>,
    /// By the header `Accept`.
    accepted: Option<Accept>,
    takes_gzip: bool,
}

/// A form of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    File(DigestFile),
    Proof,
}

impl Content {
    /// All of them. The first is the answer to a client that takes any.
    const ALL: [Self; 4] = [
        Self::File(DigestFile::Parquet),
        Self::File(DigestFile::Csv),
        Self::File(DigestFile::Text),
        Self::Proof,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::File(DigestFile::Parquet) => "parquet",
            Self::File(DigestFile::Csv) => "csv",
            Self::File(DigestFile::Text) => "text",
            Self::Proof => "proof",
        }
    }

    /// Its media type, as registered
    /// (<https://www.iana.org/assignments/media-types/media-types.xhtml>).
    fn media_type(self) -> MediaType<'static> {
        match self {
            Self::File(DigestFile::Parquet) => {
                const PARQUET: Name<'static> = Name::new_unchecked("vnd.apache.parquet");
                MediaType::new(names::APPLICATION, PARQUET)
            }
            Self::File(DigestFile::Csv) => MediaType::new(names::TEXT, names::CSV),
            Self::File(DigestFile::Text) => MediaType::new(names::TEXT, names::PLAIN),
            Self::Proof => MediaType::new(names::APPLICATION, names::JSON),
        }
    }
}

impl Wanted {
    pub(crate) fn of(parameters: &mut Parameters, headers: &HeaderMap) -> Result<Self, Problem> {
        let named = parameters.one("as")?.map(|name| {
            let content = Content::ALL
                .into_iter()
                .find(|content| content.name() == name);
            content.ok_or_else(|| {
                let right = "parquet, csv, text or proof would be right";
                Problem::bad_request(format!("as is {name:?}; {right}"))
            })
        });
        let text = |name| {
            headers
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        Ok(Self {
            named: named.transpose()?,
            // What cannot be read is as if it were not there.
            accepted: text(header::ACCEPT).and_then(|accept| Accept::from_str(accept).ok()),
            takes_gzip: text(header::ACCEPT_ENCODING).is_some_and(takes_gzip),
        })
    }

    /// Chooses among the forms that a digest has.
    fn choose(&self, proof: &Proof) -> Result<Content, Problem> {
        let there: Vec<Content> = (Content::ALL.into_iter())
            .filter(|content| match content {
                Content::File(file) => proof.file(*file).is_some(),
                Content::Proof => true,
            })
            .collect();
        let types: Vec<_> = there.iter().map(|content| content.media_type()).collect();
        let chosen = match (&self.named, &self.accepted) {
            (Some(named), _) => there.iter().find(|content| *content == named),
            (None, None) => there.first(),
            (None, Some(accepted)) => {
                let chosen = accepted.negotiate(&types);
                let place = types.iter().position(|kind| Some(kind) == chosen);
                place.and_then(|place| there.get(place))
            }
        };
        chosen.copied().ok_or_else(|| {
            let names: Vec<_> = there.iter().map(|content| content.name()).collect();
            let types: Vec<_> = types.iter().map(ToString::to_string).collect();
            Problem::new(
                StatusCode::NOT_ACCEPTABLE,
                format!(
                    "the digest is there as {}: accept {}",
                    names.join(", "),
                    types.join(", ")
                ),
            )
        })
    }
}

fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts
            .next()
            .is_some_and(|name| matches!(name, "gzip" | "*"));
        is_gzip && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The word for how a digest ended.
pub(crate) fn state(proof: &Proof) -> &'static str {
    match proof.state {
        DigestOutcome::Ready => "ready",
        DigestOutcome::Incomplete => "incomplete",
        DigestOutcome::Rejected => "rejected",
        DigestOutcome::Failed => "failed",
    }
}

/// Answers with a digest.
pub(crate) async fn answer(
    api: &Api,
    proof: &Proof,
    state: &'static str,
    wanted: &Wanted,
) -> Result<Response, Problem> {
    let content = wanted.choose(proof)?;
    let mut response = match content {
        Content::Proof => Json(proof).into_response(),
        Content::File(file) => match proof.file(file) {
            Some(published) => of_file(api, content, published, wanted.takes_gzip).await?,
            None => return Err(Problem::not_found("the digest has no such file")),
        },
    };
    let headers = response.headers_mut();
    headers.insert(STATE, HeaderValue::from_static(state));
    headers.insert(
        header::VARY,
        HeaderValue::from_static("accept, accept-encoding"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// The header with the state of a digest.
const STATE: HeaderName = HeaderName::from_static("rehose-digest-state");

async fn of_file(
    api: &Api,
    content: Content,
    published: &PublishedFile,
    takes_gzip: bool,
) -> Result<Response, Problem> {
    if let Some(link) = link_if_large(api, published).await? {
        return Ok(link);
    }
    let PublishedFile { key, bytes, .. } = published;
    let body = api.output.read(key).await.map_err(Error::from)?;
    let kind = content.media_type().to_string();
    let name = key.rsplit('/').next().unwrap_or(key);
    let is_gzip = key.ends_with(".gz");
    let name = match is_gzip {
        true => name.trim_end_matches(".gz"),
        false => name,
    };
    let mut response = match is_gzip && !takes_gzip {
        true => match (link(api, key).await?, unzipped(body)) {
            (None, text) => Body::from_stream(ReaderStream::new(text)).into_response(),
            (Some(link), text) => match short(text, key).await? {
                Some(text) => text.into_response(),
                None => return Ok(link),
            },
        },
        false => {
            let mut response = Body::from_stream(body).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_LENGTH, (*bytes).into());
            if is_gzip {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response
        }
    };
    let headers = response.headers_mut();
    let disposition = format!("attachment; filename=\"digest-{name}\"");
    for (header, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, disposition),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(header, value);
        }
    }
    Ok(response)
}

/// A redirection to a link, if the store has links.
async fn link(api: &Api, key: &str) -> Result<Option<Response>, Problem> {
    let link = api.output.link(key, LINK_TIME).await.map_err(Error::from)?;
    let redirection = |link| {
        let headers = [(header::LOCATION, link)];
        (StatusCode::TEMPORARY_REDIRECT, headers).into_response()
    };
    Ok(link.map(redirection))
}

async fn link_if_large(api: &Api, published: &PublishedFile) -> Result<Option<Response>, Problem> {
    match published.bytes > LARGE {
        true => link(api, &published.key).await,
        false => Ok(None),
    }
}

/// The text of a file of gzip.
#[expect(
    clippy::disallowed_types,
    reason = "it goes on after a member if it is told to"
)]
fn unzipped(stored: rehose_store::Body) -> impl AsyncRead + Send + Unpin + 'static {
    let stored = StreamReader::new(stored.map_err(std::io::Error::other));
    let mut text = async_compression::tokio::bufread::GzipDecoder::new(stored);
    text.multiple_members(true);
    text
}

/// A text as a whole, unless it is large.
async fn short(text: impl AsyncRead + Unpin, key: &str) -> Result<Option<Vec<u8>>, Problem> {
    let mut whole = Vec::new();
    let read = text.take(LARGE + 1).read_to_end(&mut whole).await;
    let bytes = read.map_err(|error| Problem::unavailable(format!("reading {key}: {error}")))?;
    Ok((bytes as u64 <= LARGE).then_some(whole))
}

/// Answers with the file as it is stored.
pub(crate) async fn stored(api: &Api, published: &PublishedFile) -> Result<Response, Problem> {
    if let Some(link) = link_if_large(api, published).await? {
        return Ok(link);
    }
    let body = (api.output.read(&published.key).await).map_err(Error::from)?;
    let octets = HeaderValue::from_static("application/octet-stream");
    Ok(([(header::CONTENT_TYPE, octets)], Body::from_stream(body)).into_response())
}
