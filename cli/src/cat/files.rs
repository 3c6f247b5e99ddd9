//! Which files are printed, and their bytes.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, future, stream};
use rehose_reprocess::ledger::generation::MERGED;
use rehose_reprocess::ledger::{BINDING, ROWS};
use rehose_store::location::{Location, LocationError, Stores, root};
use rehose_store::{Body, Listed, LocalStore, MAX_PAGE, Store, StoreError};

use super::error::{CatError, Problem};

/// Bytes of a file that is read ahead, and whole: a request of S3 takes as long as a mebibyte of a
/// response.
const SMALL: u64 = 1024 * 1024;

/// Files that are read ahead, so that the answers of S3 overlap. They take at most this many times
/// [`SMALL`] of memory.
const AHEAD: usize = 16;

/// The first bytes of gzip and of Parquet.
const GZIP: &[u8] = &[0x1f, 0x8b];
const PARQUET: &[u8] = b"PAR1";

/// Bytes that are shown of a file of another kind.
const SHOWN: u64 = 32;

/// What a file holds, as its first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Csv,
    Parquet,
}

/// A file to print.
#[derive(Debug)]
pub(super) struct File {
    store: Arc<dyn Store>,
    key: String,
    pub(super) bytes: u64,
    /// The contents, if it is small.
    whole: Option<Bytes>,
}

impl File {
    /// A file that is not read ahead.
    pub(super) fn new(store: Arc<dyn Store>, key: String, bytes: u64) -> Self {
        Self {
            store,
            key,
            bytes,
            whole: None,
        }
    }

    pub(super) fn url(&self) -> String {
        self.store.url(&self.key)
    }

    pub(super) async fn kind(&self) -> Result<Kind, Problem> {
        let beginning = self.read_range(0..SHOWN).await?;
        match &*beginning {
            [] => Err(Problem::Empty),
            bytes if bytes.starts_with(PARQUET) => Ok(Kind::Parquet),
            bytes if bytes.starts_with(GZIP) => Ok(Kind::Csv),
            bytes => Err(Problem::Foreign(bytes.escape_ascii().to_string())),
        }
    }

    pub(super) async fn read(&self) -> Result<Body, StoreError> {
        match &self.whole {
            Some(whole) => Ok(stream::iter([Ok(whole.clone())]).boxed()),
            None => self.store.read(&self.key).await,
        }
    }

    /// Reads a range, or less if the file ends before it does.
    pub(super) async fn read_range(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let Some(whole) = &self.whole else {
            return self.store.read_range(&self.key, range).await;
        };
        let within = |at: u64| at.min(whole.len() as u64) as usize;
        let (start, end) = (within(range.start), within(range.end));
        Ok(whole.slice(start..end.max(start)))
    }
}

/// Finds the files at all locations, in this order, and opens them ahead.
pub(super) async fn open(
    locations: &[Location],
) -> impl Stream<Item = Result<File, CatError>> + use<'_> {
    let stores = Stores::of(&locations.iter().collect::<Vec<_>>()).await;
    let found = stream::iter(locations).then(move |location| find(stores.clone(), location));
    (found.try_flatten().map(read_ahead)).buffered(AHEAD)
}

async fn read_ahead(found: Result<File, CatError>) -> Result<File, CatError> {
    let mut file = found?;
    if file.bytes <= SMALL {
        file.whole = Some(file.store.read_range(&file.key, 0..SMALL).await?);
    }
    Ok(file)
}

type Files = stream::BoxStream<'static, Result<File, CatError>>;

/// Finds the files at a location: a file of this name, the rows of an output, or all files. An output without
/// rewritten rows may have merged ones.
async fn find(stores: Stores, location: &Location) -> Result<Files, CatError> {
    let (store, path) = place(&stores, location)?;
    if !path.is_empty()
        && !path.ends_with('/')
        && let Some(found) = store.head(&path).await?
    {
        let file = File::new(store, path, found.bytes);
        return Ok(stream::once(future::ok(file)).boxed());
    }
    let root = root(&path);
    let (prefixes, otherwise) = match store.head(&format!("{root}{BINDING}")).await? {
        Some(_) => (
            ROWS.map(|folder| format!("{root}{folder}")).into(),
            Some(format!("{root}{MERGED}")),
        ),
        None => ([path].into(), None),
    };
    let listing = Listing {
        name: location.to_string(),
        store,
        prefixes,
        otherwise,
        after: None,
        is_empty: true,
    };
    Ok(listing.files())
}

/// Returns the store of a location, and the key of a file or the prefix in it.
fn place(stores: &Stores, location: &Location) -> Result<(Arc<dyn Store>, String), CatError> {
    let Location::Folder(path) = location else {
        let source = stores.source(location)?;
        return Ok((source.store, source.prefix));
    };
    if !path.exists() {
        return Err(CatError::Missing(location.to_string()));
    }
    let name = path.file_name().and_then(|name| name.to_str());
    let (folder, key) = match name {
        Some(name) if !path.is_dir() => (path.parent().unwrap_or(Path::new("")), name),
        _ => (&**path, ""),
    };
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let store = LocalStore::open(folder).map_err(LocationError::Store)?;
    Ok((Arc::new(store), key.to_owned()))
}

/// A listing of prefixes, one after another.
struct Listing {
    name: String,
    store: Arc<dyn Store>,
    prefixes: VecDeque<String>,
    /// The prefix to list if nothing is in all of them.
    otherwise: Option<String>,
    after: Option<String>,
    is_empty: bool,
}

impl Listing {
    fn files(self) -> Files {
        let store = Arc::clone(&self.store);
        let file = move |Listed { key, bytes, .. }| File::new(Arc::clone(&store), key, bytes);
        stream::try_unfold(self, Self::page)
            .map_ok(|objects| stream::iter(objects.into_iter().map(Ok)))
            .try_flatten()
            .map_ok(file)
            .boxed()
    }

    async fn page(mut self) -> Result<Option<(Vec<Listed>, Self)>, CatError> {
        if self.prefixes.is_empty() && self.is_empty {
            self.prefixes.extend(self.otherwise.take());
        }
        let Some(prefix) = self.prefixes.front() else {
            return match self.is_empty {
                true => Err(CatError::NoFile(self.name)),
                false => Ok(None),
            };
        };
        let page = (self.store)
            .list(prefix, self.after.as_deref(), MAX_PAGE)
            .await?;
        self.after = page.objects.last().map(|object| object.key.clone());
        if !page.more || self.after.is_none() {
            self.prefixes.pop_front();
            self.after = None;
        }
        self.is_empty &= page.objects.is_empty();
        Ok(Some((page.objects, self)))
    }
}
