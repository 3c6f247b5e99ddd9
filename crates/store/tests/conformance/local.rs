//! The suites on a folder and on the queue of this process, and what only these two do.

mod queue;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::SystemTime;
use std::{fs, io};

use bytes::Bytes;
use rehose_store::queue::{Counters, Delivery, LocalQueue, Queue};
use rehose_store::{LocalStore, Store, StoreErrorKind, StoreName};
use rehose_testkit::{queue_suite, store_suite};
use tokio::sync::Mutex;

use rehose_testkit::store_suite::{keys, put, size};

pub(crate) struct Folder {
    /// Its folder does not exist yet, so that every test begins with creating it.
    pub(crate) store: LocalStore,
    dir: tempfile::TempDir,
}

impl store_suite::Place for Folder {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    /// A folder holds no file under a name that is a folder, and no empty name.
    fn holds_any_key(&self) -> bool {
        false
    }

    async fn leftovers(&self) -> usize {
        fs::read_dir(self.root().join(".rehose")).map_or(0, Iterator::count)
    }
}

impl Folder {
    pub(crate) fn root(&self) -> std::path::PathBuf {
        self.dir.path().join("root")
    }
}

pub(crate) async fn folder() -> Folder {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::open(dir.path().join("root")).unwrap();
    Folder { store, dir }
}

pub(crate) async fn synced_folder() -> Folder {
    let Folder { store, dir } = folder().await;
    let store = store.synced();
    Folder { store, dir }
}

mod stores {
    rehose_testkit::suites!(store super::folder);
}

mod synced_stores {
    rehose_testkit::suites!(store super::synced_folder);
}

pub(crate) fn file(path: impl AsRef<Path>) {
    fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    fs::write(path, "x").unwrap();
}

#[tokio::test]
async fn a_folder_is_created_by_the_first_write_only() {
    let place = folder().await;
    assert_eq!(keys(&place.store, "", None).await, [""; 0]);
    assert_eq!(place.store.head("a").await.unwrap(), None);
    assert!(!place.root().exists());
    put(&place.store, "a", b"x").await;
    assert!(place.root().join("a").is_file());
}

#[tokio::test]
async fn a_file_is_no_folder_to_open() {
    let place = folder().await;
    file(place.root().join("a"));
    let error = LocalStore::open(place.root().join("a")).unwrap_err();
    assert_eq!(error.operation, "open");
    assert!(error.to_string().contains("not a directory"), "{error}");
}

#[tokio::test]
async fn links_are_followed_and_sorted_as_what_they_lead_to() {
    let place = folder().await;
    let elsewhere = place.dir.path().join("elsewhere");
    file(elsewhere.join("deep/one"));
    for name in ["a.b", "a0"] {
        file(place.root().join(name));
    }
    symlink(&elsewhere, place.root().join("a")).unwrap();
    symlink(elsewhere.join("deep/one"), place.root().join("b")).unwrap();
    let all = ["a.b", "a/deep/one", "a0", "b"];
    assert_eq!(keys(&place.store, "", None).await, all);
    assert_eq!(keys(&place.store, "", Some("a.b")).await, all[1..]);
    assert_eq!(keys(&place.store, "a/d", None).await, all[1..2]);
    assert_eq!(size(&place.store, "b").await, Some(1));
}

#[tokio::test]
async fn a_link_that_leads_nowhere_is_listed_and_cannot_be_read() {
    let place = folder().await;
    for name in ["a", "c/d", "e"] {
        file(place.root().join(name));
    }
    symlink("nowhere", place.root().join("b")).unwrap();
    symlink("itself", place.root().join("c/itself")).unwrap();
    let all = ["a", "b", "c/d", "c/itself", "e"];
    assert_eq!(keys(&place.store, "", None).await, all);
    assert_eq!(keys(&place.store, "", Some("b")).await, all[2..]);
    assert_eq!(keys(&place.store, "c/i", None).await, all[3..4]);
    for key in ["b", "c/itself"] {
        let error = place.store.read(key).await.err().unwrap();
        assert!(
            error.to_string().contains(&format!("root/{key}")),
            "{error}"
        );
    }
}

/// Before, a name had the slashes with which the user had ended the path.
#[tokio::test]
async fn a_folder_has_one_name_however_its_path_ends() {
    let place = folder().await;
    let path = place.root().display().to_string();
    let names = ["", "/", "//"].map(|end| {
        let store = LocalStore::open(format!("{path}{end}")).unwrap();
        StoreName::of(&store)
    });
    assert_eq!(names[0].as_str(), format!("{path}/"));
    let recorded: StoreName = serde_json::from_str(&format!("\"{path}//\"")).unwrap();
    assert!(names.iter().all(|name| *name == recorded), "{names:?}");
}

#[tokio::test]
async fn a_circle_of_links_is_an_error() {
    let place = folder().await;
    file(place.root().join("a/b"));
    symlink("..", place.root().join("a/up")).unwrap();
    let error = place.store.list("", None, 10).await.unwrap_err();
    assert!(error.to_string().contains("a/up"), "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_name_that_is_not_utf8_is_an_error_that_names_it() {
    use std::os::unix::ffi::OsStrExt;
    let place = folder().await;
    file(place.root().join("a"));
    file(place.root().join("logs/b"));
    file(
        place
            .root()
            .join(std::ffi::OsStr::from_bytes(b"logs/\xff/c")),
    );
    let error = place.store.list("", None, 10).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::InvalidKey);
    assert!(error.to_string().contains(r"logs/\xFF/c"), "{error}");
    // It does not matter to a listing that never comes to it.
    assert_eq!(keys(&place.store, "a", None).await, ["a"]);
    assert_eq!(keys(&place.store, "logs/b", None).await, ["logs/b"]);
}

#[tokio::test]
async fn what_cannot_be_listed_is_denied_and_what_is_not_asked_for_is_not_opened() {
    use std::os::unix::fs::PermissionsExt;
    let place = folder().await;
    file(place.root().join("a/x"));
    file(place.root().join("b/x"));
    fs::set_permissions(place.root().join("b"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(place.root().join("b")).is_ok() {
        return; // this user may do anything
    }
    let error = place.store.list("", None, 10).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Denied);
    assert_eq!(keys(&place.store, "a", None).await, ["a/x"]);
    assert_eq!(
        place.store.read("b/x").await.err().unwrap().kind,
        StoreErrorKind::Denied
    );
    fs::set_permissions(place.root().join("b"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn a_folder_and_a_file_below_a_file_are_no_objects() {
    let place = folder().await;
    file(place.root().join("folder/a"));
    for key in ["folder", "folder/a/b"] {
        assert_eq!(place.store.head(key).await.unwrap(), None);
        let error = place.store.read(key).await.err().unwrap();
        assert_eq!(error.kind, StoreErrorKind::NotFound, "{error}");
        let error = place
            .store
            .put_if_absent(key, Bytes::new())
            .await
            .unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::InvalidKey, "{error}");
        let upload = place.store.write(key).await.unwrap();
        let error = upload.complete().await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::InvalidKey, "{error}");
    }
    // A link that leads nowhere must not pass for an object that is there already.
    symlink("nowhere", place.root().join("link")).unwrap();
    let put = place.store.put_if_absent("link/a", Bytes::new()).await;
    assert_eq!(put.unwrap_err().kind, StoreErrorKind::InvalidKey);
}

#[tokio::test]
async fn the_reserved_folder_is_no_part_of_the_store() {
    let place = folder().await;
    let mut upload = place.store.write("a").await.unwrap();
    upload.write(vec![0; 1 << 20].into()).await.unwrap();
    assert!(place.root().join(".rehose").is_dir());
    for prefix in ["", ".", ".rehose", ".rehose/"] {
        assert_eq!(keys(&place.store, prefix, None).await, [""; 0]);
    }
    file(place.root().join("deep/.rehose/a"));
    assert_eq!(keys(&place.store, "", None).await, ["deep/.rehose/a"]);
}

#[tokio::test]
async fn no_prefix_leads_out_of_the_folder() {
    let place = folder().await;
    file(place.dir.path().join("outside"));
    file(place.root().join("a/b"));
    for prefix in ["../", "/", "a/../", "a//", "./", "../outside"] {
        assert_eq!(keys(&place.store, prefix, None).await, [""; 0], "{prefix}");
    }
}

#[tokio::test]
async fn an_object_is_as_readable_as_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let place = folder().await;
    file(place.root().join("usual"));
    put(&place.store, "written", b"x").await;
    place
        .store
        .put_if_absent("put", Bytes::from_static(b"x"))
        .await
        .unwrap();
    let mode = |name: &str| {
        let found = fs::metadata(place.root().join(name)).unwrap();
        found.permissions().mode()
    };
    assert_eq!(mode("written"), mode("usual"));
    assert_eq!(mode("put"), mode("usual"));
}

#[tokio::test]
async fn an_object_that_is_replaced_within_a_tick_of_the_clock_has_another_tag() {
    let place = folder().await;
    let mut tags = Vec::new();
    for body in [b"old", b"new"] {
        put(&place.store, "a", body).await;
        let file = fs::File::open(place.root().join("a")).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let page = place.store.list("", None, 10).await.unwrap();
        tags.push(page.objects[0].tag.clone());
    }
    assert_ne!(tags[0], tags[1]);
}

#[tokio::test]
async fn a_lock_keeps_others_out_clears_leftovers_and_leaves_nothing() {
    let place = folder().await;
    file(place.root().join(".rehose/left over"));
    let lock = place.store.lock().unwrap();
    assert_eq!(store_suite::Place::leftovers(&place).await, 0);

    let other = LocalStore::open(place.root()).unwrap();
    let error = other.lock().unwrap_err();
    assert!(
        error.to_string().contains("another rehose is at work"),
        "{error}"
    );
    put(&place.store, "a", b"x").await;
    drop(lock);
    let left = fs::read_dir(place.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["a"]);
    drop(other.lock().unwrap());
}

#[tokio::test]
async fn a_write_that_failed_completes_nothing() {
    let place = folder().await;
    let mut upload = place.store.write("a").await.unwrap();
    // A file in the place of the reserved folder: no draft can be begun.
    file(place.root().join(".rehose"));
    upload.write(vec![0; 1 << 20].into()).await.unwrap_err();
    let error = upload.complete().await.unwrap_err();
    assert!(error.to_string().contains("earlier write"), "{error}");
    assert_eq!(place.store.head("a").await.unwrap(), None);
}

#[test]
fn errors_keep_their_source() {
    let error = LocalStore::open("a\0b").unwrap_err();
    let source = error.source.unwrap();
    assert!(source.downcast_ref::<io::Error>().is_some());
}
