//! The files of rows, for those who read them: compression, columns and values.

use crate::bounds::TIMESTAMPS;
use crate::error::{Error, Fault, Stream};
use crate::format::kinds_of;
use crate::layers;
use crate::options::LineBreaks;
use crate::origin::OriginColumn;
use crate::schema::{self, FieldKind, TIMESTAMP};
use crate::sink::RowWriter;
use crate::timestamp::TimestampFormatter;

/// The first column of every file.
pub const FIRST_COLUMN: &str = TIMESTAMP.name;

/// Decodes gzip of any number of members, whose checksums and lengths are checked.
#[derive(Debug)]
pub struct Gunzip(layers::Gunzip);

impl Default for Gunzip {
    fn default() -> Self {
        Self(layers::Gunzip::new(Stream::Layer(0)))
    }
}

impl Gunzip {
    /// Decodes the next bytes, and passes the text to `text` in pieces of limited size.
    ///
    /// # Errors
    ///
    /// Returns a fault of the gzip, or the error of `text`.
    pub fn push<E: From<Fault>>(
        &mut self,
        bytes: &[u8],
        text: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut failure = None;
        let result = self.0.push(bytes, &mut |piece| {
            text(piece).map_err(|error| {
                failure = Some(error);
                Error::Stopped
            })
        });
        match (failure, result) {
            (Some(error), _) => Err(error),
            (None, Err(Error::Input(fault))) => Err(fault.into()),
            // The decoder writes nothing, and only `text` stops it.
            (None, _) => Ok(()),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    ///
    /// If it ends inside a member.
    pub fn finish(&self) -> Result<(), Fault> {
        match self.0.finish() {
            Err(Error::Input(fault)) => Err(fault),
            _ => Ok(()),
        }
    }
}

/// Writes fields as the files of CSV have them.
#[derive(Debug)]
pub struct CsvFields(RowWriter);

impl CsvFields {
    /// Returns a writer of fields that have line breaks in this way.
    pub fn new(line_breaks: LineBreaks) -> Self {
        Self(RowWriter::new(line_breaks))
    }

    /// Appends a comma and a field, in quotes if it needs them.
    pub fn write(&mut self, field: &[u8], line: &mut Vec<u8>) {
        self.0.write_field(field, line);
    }
}

/// Formats times as files of CSV have them: `2020-02-01T00:00:00.000Z`, or with microseconds if there are any.
#[derive(Debug, Default)]
pub struct Timestamps {
    milliseconds: TimestampFormatter,
    text: Vec<u8>,
}

impl Timestamps {
    /// Whether microseconds since 1970 are in the years 1 to 9999.
    pub fn holds(microseconds: i64) -> bool {
        TIMESTAMPS.contains(&microseconds.div_euclid(1000))
    }

    /// Formats microseconds since 1970. Returns `None` unless they are in the years 1 to 9999.
    pub fn format(&mut self, microseconds: i64) -> Option<&[u8]> {
        let (milliseconds, rest) = (microseconds.div_euclid(1000), microseconds.rem_euclid(1000));
        if !Self::holds(microseconds) {
            return None;
        }
        let text = self.milliseconds.format(milliseconds).as_slice();
        if rest == 0 {
            return Some(text);
        }
        self.text.clear();
        self.text
            .extend_from_slice(text.strip_suffix(b"Z").unwrap_or(text));
        self.text
            .extend_from_slice(format!("{rest:03}Z").as_bytes());
        Some(&self.text)
    }

    /// Parses what [`format`](Self::format) writes, and nothing else.
    pub fn parse(&mut self, text: &[u8]) -> Option<i64> {
        let microseconds = colparquet::micros(text)?;
        (self.format(microseconds)? == text).then_some(microseconds)
    }
}

/// Returns the names that columns have in tables and in Parquet files.
pub fn table_names<'a>(columns: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    schema::table_names(columns)
}

/// Returns the types of the fields that the header of a flow log names, if it is one.
pub fn kinds_of_flow_log(header: &[&str]) -> Option<Vec<FieldKind>> {
    kinds_of(header)
}

/// Returns the types of the columns of a CSV file, by its header.
///
/// The file does not say how it was made. Its columns are those of flow logs if flow logs have fields of
/// all of these names; otherwise they are text.
pub fn kinds_by_header(header: &[&str]) -> Vec<FieldKind> {
    let is_origin = |name: &&str| {
        OriginColumn::ALL
            .iter()
            .any(|origin| origin.name() == *name)
    };
    let fields = header.get(1..).unwrap_or_default();
    let origins = fields
        .iter()
        .rev()
        .take_while(|name| is_origin(name))
        .count();
    let fields = &fields[..fields.len() - origins];
    let mut kinds = vec![FieldKind::Timestamp];
    kinds.extend(kinds_of(fields).unwrap_or_default());
    kinds.resize(header.len(), FieldKind::Text);
    kinds
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_header_of_flow_logs_gives_their_types() {
        use FieldKind::{BigInt, Int, Text, Timestamp};
        for (header, kinds) in [
            (
                "timestamp,srcaddr,dstport,bytes",
                vec![Timestamp, Text, Int, BigInt],
            ),
            (
                "timestamp,bytes,bytes_2,source",
                vec![Timestamp, BigInt, BigInt, Text],
            ),
            (
                "timestamp,tgw-id,packets-lost-no-route",
                vec![Timestamp, Text, BigInt],
            ),
            ("timestamp,bytes,text", vec![Timestamp, Text, Text]),
            ("timestamp,message,log-group", vec![Timestamp, Text, Text]),
            ("timestamp", vec![Timestamp]),
        ] {
            let header: Vec<&str> = header.split(',').collect();
            assert_eq!(kinds_by_header(&header), kinds, "{header:?}");
        }
    }

    proptest! {
        #[test]
        fn every_timestamp_is_parsed_as_it_was_formatted(milliseconds in TIMESTAMPS, more in 0..1000_i64) {
            let mut timestamps = Timestamps::default();
            for microseconds in [milliseconds * 1000, milliseconds * 1000 + more] {
                let text = timestamps.format(microseconds).unwrap().to_vec();
                prop_assert_eq!(text.len(), if microseconds % 1000 == 0 { 24 } else { 27 });
                prop_assert_eq!(timestamps.parse(&text), Some(microseconds));
            }
        }

        #[test]
        fn another_text_is_no_timestamp(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{8,12}[Z+0]?") {
            let mut timestamps = Timestamps::default();
            if let Some(microseconds) = timestamps.parse(text.as_bytes()) {
                prop_assert_eq!(timestamps.format(microseconds).unwrap(), text.as_bytes());
            }
        }
    }
}
