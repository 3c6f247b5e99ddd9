//! Reads what a bucket has.

use rehose_testkit::cloud::bucket::Contents;
use serde::de::DeserializeOwned;

pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).unwrap()
}

pub(super) fn keys<'a>(
    contents: &'a Contents,
    prefix: &'a str,
) -> impl Iterator<Item = &'a String> {
    let objects = contents.objects.range(prefix.to_owned()..);
    let keys = objects.map(|(key, _)| key);
    keys.take_while(move |key| key.starts_with(prefix))
}

pub(super) fn read<T: DeserializeOwned>(contents: &Contents, key: &str) -> Option<T> {
    Some(parse(&contents.objects.get(key)?.body))
}
