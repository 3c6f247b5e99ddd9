//! The names and types of columns.

use std::io;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::errors::Result;
use parquet::file::metadata::SortingColumn;
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type, TypePtr};

use crate::failed;

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The type of its values.
    pub kind: Kind,
    /// Whether a row can lack a value.
    pub is_optional: bool,
    /// Whether each row group has a Bloom filter of its values, with which a reader that looks for one
    /// skips the others. Only text can have it.
    pub has_filter: bool,
}

/// The type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text in UTF-8.
    Text,
    /// A whole number of 32 bits, with a sign.
    Int,
    /// A whole number of 64 bits, with a sign.
    BigInt,
    /// A floating-point number of 64 bits.
    Double,
    /// A time in UTC, in microseconds since 1970.
    Timestamp,
}

/// The columns of a file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Schema(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    columns: Vec<Column>,
    sorted_by: Vec<usize>,
    root: TypePtr,
    descriptor: SchemaDescPtr,
}

impl Schema {
    /// Returns the schema of these columns. Their field ids count from 1.
    ///
    /// # Errors
    ///
    /// If the container cannot hold them. There is no known way to make it so.
    pub fn new(columns: Vec<Column>) -> io::Result<Self> {
        Self::sorted(columns, Vec::new())
    }

    /// The same for rows that are sorted by some columns, in ascending order, with NULL before all values.
    /// A file says so; whoever writes the rows sees to it.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn sorted(columns: Vec<Column>, by: Vec<usize>) -> io::Result<Self> {
        let fields = (1..).zip(&columns).map(|(id, column)| column.field(id));
        let fields = fields.collect::<Result<Vec<_>>>().map_err(failed)?;
        let root = Type::group_type_builder("schema")
            .with_fields(fields)
            .build()
            .map_err(failed)?;
        let root = Arc::new(root);
        let descriptor = Arc::new(SchemaDescriptor::new(Arc::clone(&root)));
        Ok(Self(Arc::new(Parts {
            columns,
            sorted_by: by,
            root,
            descriptor,
        })))
    }

    /// Returns the columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.0.columns
    }

    /// Returns what a row group says of the order of its rows.
    pub(crate) fn sorting_columns(&self) -> Option<Vec<SortingColumn>> {
        let by = |column: &usize| SortingColumn {
            column_idx: *column as i32,
            descending: false,
            nulls_first: true,
        };
        let columns: Vec<_> = self.0.sorted_by.iter().map(by).collect();
        (!columns.is_empty()).then_some(columns)
    }

    pub(crate) fn root(&self) -> &TypePtr {
        &self.0.root
    }

    pub(crate) fn descriptor(&self) -> &SchemaDescPtr {
        &self.0.descriptor
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Column {
    fn field(&self, id: i32) -> Result<TypePtr> {
        let repetition = match self.is_optional {
            true => Repetition::OPTIONAL,
            false => Repetition::REQUIRED,
        };
        let (physical, logical) = match self.kind {
            Kind::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Int => (PhysicalType::INT32, None),
            Kind::BigInt => (PhysicalType::INT64, None),
            Kind::Double => (PhysicalType::DOUBLE, None),
            Kind::Timestamp => (
                PhysicalType::INT64,
                Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
            ),
        };
        Type::primitive_type_builder(&self.name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .with_converted_type(ConvertedType::NONE)
            .with_id(Some(id))
            .build()
            .map(Arc::new)
    }
}
