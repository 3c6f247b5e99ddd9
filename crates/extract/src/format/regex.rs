//! The format `regex`: the named groups of a regex, whose names are the columns.

use ::regex::Regex;

use super::{Rejection, write_quoted};
use crate::pattern;

/// A regex with named groups. It is one over characters, not bytes: no column holds half of one.
#[derive(Debug, Clone)]
pub(crate) struct RegexFormat {
    regex: Regex,
}

impl RegexFormat {
    /// Compiles a regex, or says what it lacks.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let regex = pattern::text(pattern)?;
        match regex.capture_names().flatten().find(|n| *n == "timestamp") {
            Some(_) => {
                Err("the column timestamp is the event's: give the group another name".into())
            }
            None if regex.capture_names().flatten().next().is_none() => {
                Err("it has no named group (?P<column>...)".into())
            }
            None => Ok(Self { regex }),
        }
    }

    pub(crate) fn columns(&self) -> Vec<&str> {
        self.regex.capture_names().flatten().collect()
    }

    pub(crate) fn write(&self, message: &[u8], row: &mut Vec<u8>) -> Result<(), Rejection> {
        let message = std::str::from_utf8(message).map_err(|_| Rejection::NoMatch)?;
        let groups = self.regex.captures(message).ok_or(Rejection::NoMatch)?;
        for column in self.regex.capture_names().flatten() {
            let field = groups.name(column).map_or("", |group| group.as_str());
            write_quoted(field.as_bytes(), row);
        }
        Ok(())
    }
}
