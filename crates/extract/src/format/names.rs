//! Lists of field names, in the ways in which people have them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The fields of a record, or of several records that one stash has.
///
/// In JSON it is a list of names, a list of such lists, or text in any way in which a flow log's format
/// is written: `${version} ${account-id}` as AWS has it, `$${version}` as Terraform does, names with
/// underscores as in Athena, between spaces, commas, tabs or line breaks.
///
/// ```
/// # use rehose_extract::FieldLists;
/// let written = FieldLists::parse("'${version} ${account-id}'");
/// assert_eq!(written, FieldLists::from(["version", "account-id"]));
/// assert_eq!(FieldLists::parse("VERSION,account_id"), written);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldLists(Vec<Vec<String>>);

impl FieldLists {
    /// Parses one list.
    pub fn parse(text: &str) -> Self {
        Self(vec![names(text)])
    }

    /// Adds the lists of another.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns the lists of names.
    pub fn lists(&self) -> &[Vec<String>] {
        &self.0
    }
}

impl<const N: usize> From<[&str; N]> for FieldLists {
    fn from(names: [&str; N]) -> Self {
        Self(vec![names.map(name).to_vec()])
    }
}

impl From<Vec<String>> for FieldLists {
    fn from(names: Vec<String>) -> Self {
        Self(vec![names.iter().map(|text| name(text)).collect()])
    }
}

impl From<&[&str]> for FieldLists {
    fn from(names: &[&str]) -> Self {
        Self(vec![names.iter().map(|text| name(text)).collect()])
    }
}

/// Returns the names in a text.
fn names(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || is_between(c))
        .filter(|word| !word.is_empty())
        .map(name)
        .collect()
}

/// Returns the names in a line.
pub(super) fn names_of_line(line: &[u8]) -> Vec<String> {
    words(line)
        .map(|word| name(&String::from_utf8_lossy(word)))
        .collect()
}

/// Returns what may be names in a line.
pub(super) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| byte.is_ascii_whitespace() || is_between(char::from(*byte)))
        .filter(|word| !word.is_empty())
}

fn is_between(c: char) -> bool {
    matches!(c, ',' | '"' | '\'' | '`' | '$' | '{' | '}')
}

/// Whether a word is a name, which is as AWS writes it.
pub(super) fn is_spelling(word: &[u8], name: &str) -> bool {
    word.len() == name.len()
        && (word.iter().zip(name.bytes())).all(|(byte, other)| {
            byte.to_ascii_lowercase() == other || (*byte, other) == (b'_', b'-')
        })
}

/// Returns a name as AWS writes it in the documentation.
fn name(word: &str) -> String {
    word.to_ascii_lowercase().replace('_', "-")
}

impl Serialize for FieldLists {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [list] => list.serialize(serializer),
            lists => lists.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for FieldLists {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Names(Vec<String>),
            Lists(Vec<Vec<String>>),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Text(text) => Self::parse(&text),
            Written::Names(texts) => {
                let lists: Vec<_> = texts.iter().map(|text| names(text)).collect();
                match lists.iter().all(|list| list.len() == 1) {
                    true => Self(vec![lists.concat()]),
                    false => Self(lists),
                }
            }
            Written::Lists(lists) => {
                let list = |texts: Vec<String>| texts.iter().flat_map(|text| names(text)).collect();
                Self(lists.into_iter().map(list).collect())
            }
        })
    }
}
