//! Messages to a Parquet file.

use std::error::Error;
use std::hint::black_box;

use rehose_extract::{Shape, stages};

use crate::{Contender, arrow};

pub fn contenders<'a>(
    events: &'a stages::Events,
    shape: &'a Shape,
) -> Result<Vec<Contender<'a>>, Box<dyn Error>> {
    let schema = arrow::schema(shape);
    let batches = arrow::batches(events, &schema)?;
    let known = schema.clone();
    Ok(vec![
        (
            "rehose",
            Box::new(move || {
                let mut out = Vec::new();
                stages::columns(events, shape, &mut out)?;
                black_box(out);
                Ok(())
            }),
        ),
        (
            "ArrowWriter",
            Box::new(move || {
                let batches = arrow::batches(events, &schema)?;
                black_box(arrow::write(&batches, &schema)?);
                Ok(())
            }),
        ),
        (
            "ArrowWriter, from Arrow's arrays",
            Box::new(move || {
                black_box(arrow::write(&batches, &known)?);
                Ok(())
            }),
        ),
    ])
}
