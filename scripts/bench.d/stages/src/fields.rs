//! Messages to fields.

use std::hint::black_box;

use rehose_extract::{Shape, stages};

use crate::Contender;

pub fn contenders<'a>(events: &'a stages::Events, shape: &'a Shape) -> Vec<Contender<'a>> {
    vec![
        (
            "rehose",
            Box::new(|| {
                black_box(stages::split(events, shape));
                Ok(())
            }),
        ),
        (
            "str::split, no types checked",
            Box::new(|| {
                let mut fields = Vec::new();
                for (_, message) in events.texts() {
                    fields.clear();
                    fields.extend(std::str::from_utf8(message)?.split(' '));
                    black_box(&mut fields);
                }
                Ok(())
            }),
        ),
    ]
}
