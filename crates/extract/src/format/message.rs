//! The format `message`: the message as it is, in one column.

use super::write_quoted;

/// The whole message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageFormat;

impl MessageFormat {
    pub(crate) fn columns(&self) -> Vec<&str> {
        vec!["message"]
    }

    pub(crate) fn write(&self, message: &[u8], row: &mut Vec<u8>) {
        write_quoted(message, row);
    }
}
