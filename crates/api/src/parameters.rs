//! The parameters of a request's query.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::problem::Problem;

/// Parameters that no handler has taken yet.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(all)) => Ok(Self(all)),
            Err(error) => Err(Problem::bad_request(format!(
                "the query cannot be read: {error}"
            ))),
        }
    }
}

impl Parameters {
    /// Whether there is a parameter of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Takes the values of a parameter: it may be repeated, and each may have several values with commas
    /// between them.
    pub(crate) fn all(&mut self, name: &str) -> Vec<String> {
        let of_name = |(known, _): &mut (String, String)| known == name;
        let taken: Vec<(String, String)> = self.0.extract_if(.., of_name).collect();
        let values = taken.iter().flat_map(|(_, value)| value.split(','));
        let values = values.map(str::trim).filter(|value| !value.is_empty());
        values.map(str::to_owned).collect()
    }

    /// Takes the value of a parameter that is there once at most.
    pub(crate) fn one(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let of_name = |(known, _): &mut (String, String)| known == name;
        let mut taken = self.0.extract_if(.., of_name);
        let value = taken.next();
        match taken.next() {
            Some(_) => Err(Problem::bad_request(format!(
                "{name} is there more than once; give it once"
            ))),
            None => Ok(value.map(|(_, value)| value)),
        }
    }

    /// Takes and parses the value of a parameter. `right` is an example of what would be right.
    pub(crate) fn parsed<T: FromStr>(
        &mut self,
        name: &str,
        right: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.one(name)? else {
            return Ok(None);
        };
        match value.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(Problem::bad_request(format!(
                "{name} is {value:?}; {right} would be right"
            ))),
        }
    }

    /// Refuses parameters that have not been taken.
    pub(crate) fn end(self) -> Result<(), Problem> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(Problem::bad_request(format!(
                "there is no parameter {name:?} here; GET /openapi.json lists those that there are"
            ))),
        }
    }
}
