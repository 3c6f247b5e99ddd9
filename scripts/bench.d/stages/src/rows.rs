//! JSON to CSV: the text of an object to rows.

use std::hint::black_box;

use rehose_extract::{Shape, stages};
use serde_json::{Deserializer, Value};

use crate::{Contender, copy};

pub fn contenders<'a>(text: &'a [u8], shape: &'a Shape, length: usize) -> Vec<Contender<'a>> {
    vec![
        (
            "rehose",
            Box::new(move || {
                let mut out = Vec::with_capacity(length);
                stages::extract(text, shape, &mut out)?;
                black_box(out);
                Ok(())
            }),
        ),
        (
            "serde_json to values, no rows",
            Box::new(|| {
                for document in Deserializer::from_slice(text).into_iter::<Value>() {
                    black_box(document?);
                }
                Ok(())
            }),
        ),
        copy(text),
    ]
}
