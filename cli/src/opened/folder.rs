//! Checks of the folders that a run reads and writes.

use std::fmt::Display;
use std::io;
use std::path::{Component, Path, PathBuf};

use rehose_reprocess::error::{Error, Result};
use rehose_store::location::Location;

/// Resolves the source and the output of a run, and checks that the source exists and that the
/// output is not inside it.
///
/// The output is refused even if the prefix of this job excludes it: the next job on the same source
/// could read it.
pub(super) fn resolve(source: &Location, output: &Location) -> Result<(Location, Location)> {
    let source = resolve_links("SOURCE", source)?;
    let output = resolve_links("OUTPUT", output)?;
    let Location::Folder(source_path) = &source else {
        return Ok((source, output));
    };
    if !source_path.exists() {
        let reason = "does not exist; name the folder or the s3://bucket/prefix with the stash";
        return Err(unusable("SOURCE", source_path, reason));
    }
    if let Location::Folder(output_path) = &output
        && output_path.starts_with(source_path)
    {
        return Err(Error::OutputUnderSource {
            output: output.to_string(),
            source_url: source.to_string(),
        });
    }
    Ok((source, output))
}

/// Makes the path of a folder absolute, without links and `..`, which could hide that one folder is
/// inside another. The last parts of the path need not exist. A bucket stays as it is.
fn resolve_links(argument: &'static str, location: &Location) -> Result<Location> {
    let Location::Folder(path) = location else {
        return Ok(location.clone());
    };
    let failed = |error: io::Error| unusable(argument, path, error);
    let mut resolved = PathBuf::new();
    for part in std::path::absolute(path).map_err(failed)?.components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            part => resolved.push(part),
        }
        match resolved.canonicalize() {
            Ok(found) => resolved = found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    if resolved.exists() && !resolved.is_dir() {
        return Err(unusable(argument, path, "is a file; name a folder"));
    }
    Ok(Location::Folder(resolved))
}

fn unusable(argument: &'static str, path: &Path, reason: impl Display) -> Error {
    Error::Value {
        name: argument,
        reason: format!("{} {reason}", path.display()),
    }
}
