//! A temporary folder with a stash, and with room for outputs.

use std::fs;
use std::path::{Path, PathBuf};

use rehose_testkit::stash::{FLOW, envelope, event, gzip};
use tempfile::TempDir;

use crate::command::Rehose;

pub struct Workspace {
    folder: TempDir,
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}

impl Workspace {
    /// An empty stash.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("stash")).unwrap();
        Self { folder }
    }

    /// A stash with one good object.
    pub fn small() -> Self {
        let workspace = Self::new();
        workspace.put("one", &gzip(envelope(&[event(0, FLOW)])));
        workspace
    }

    /// A stash that `rehose sample` writes, by the command as the workspace was last built.
    pub fn sample(options: &[&str]) -> Self {
        Self::sample_by(&Rehose::built(), options)
    }

    /// A stash that `rehose sample` writes, by this build of the command.
    pub fn sample_by(rehose: &Rehose, options: &[&str]) -> Self {
        let workspace = Self::new();
        rehose.sample(&workspace.stash(), options);
        workspace
    }

    pub fn stash(&self) -> PathBuf {
        self.path("stash")
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts an object into the stash.
    pub fn put(&self, key: &str, object: &[u8]) {
        let path = self.stash().join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, object).unwrap();
    }
}
