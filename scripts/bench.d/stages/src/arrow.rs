//! Parquet by arrow-rs: messages to Arrow's arrays, and these to a file.

use std::error::Error;
use std::sync::Arc;

use arrow_array::builder::{
    Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rehose_extract::{FieldKind, Shape, stages};

/// Rows in a batch of arrays.
const ROWS: usize = 20_000;

/// The columns and types of the files that rehose writes.
pub fn schema(shape: &Shape) -> SchemaRef {
    let names = shape.table_names();
    let fields = shape.schema().into_iter().zip(names).map(|(column, name)| {
        let kind = match column.kind {
            FieldKind::Int => DataType::Int32,
            FieldKind::BigInt => DataType::Int64,
            FieldKind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            _ => DataType::Utf8,
        };
        Field::new(name, kind, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

enum Builder {
    Int(Int32Builder),
    BigInt(Int64Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Text(StringBuilder),
}

impl Builder {
    fn new(kind: &DataType) -> Self {
        match kind {
            DataType::Int32 => Self::Int(Int32Builder::new()),
            DataType::Int64 => Self::BigInt(Int64Builder::new()),
            DataType::Timestamp(..) => {
                Self::Timestamp(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// Appends a value. `-` is no number.
    fn append(&mut self, field: &str) {
        match self {
            Self::Int(builder) => builder.append_option(field.parse().ok()),
            Self::BigInt(builder) => builder.append_option(field.parse().ok()),
            Self::Timestamp(builder) => {
                builder.append_option(field.parse().ok().map(|ms: i64| ms * 1000));
            }
            Self::Text(builder) => builder.append_value(field),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Int(builder) => Arc::new(builder.finish()),
            Self::BigInt(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
            Self::Text(builder) => Arc::new(builder.finish()),
        }
    }
}

/// The time and the fields of each message, as arrays. A message of another number of fields is no row.
pub fn batches(
    events: &stages::Events,
    schema: &SchemaRef,
) -> Result<Vec<RecordBatch>, Box<dyn Error>> {
    let kinds = schema.fields().iter().map(|field| field.data_type());
    let mut builders: Vec<Builder> = kinds.map(Builder::new).collect();
    let (mut batches, mut rows, mut fields) = (Vec::new(), 0, Vec::new());
    for (time, message) in events.texts() {
        fields.clear();
        fields.push(std::str::from_utf8(time)?);
        fields.extend(std::str::from_utf8(message)?.split(' '));
        if fields.len() != builders.len() {
            continue;
        }
        for (builder, field) in builders.iter_mut().zip(&fields) {
            builder.append(field);
        }
        rows += 1;
        if rows % ROWS == 0 {
            batches.push(batch(&mut builders, schema)?);
        }
    }
    batches.push(batch(&mut builders, schema)?);
    Ok(batches)
}

fn batch(builders: &mut [Builder], schema: &SchemaRef) -> Result<RecordBatch, Box<dyn Error>> {
    let columns = builders.iter_mut().map(Builder::finish).collect();
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// Writes a file, with the same compression as rehose.
pub fn write(batches: &[RecordBatch], schema: &SchemaRef) -> Result<Vec<u8>, Box<dyn Error>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties))?;
    for batch in batches {
        writer.write(batch)?;
    }
    Ok(writer.into_inner()?)
}
