//! A writer whose bytes are taken up elsewhere, when the caller may wait.

use std::io::{self, Write};
use std::sync::mpsc;

use bytes::Bytes;

/// Returns both ends. What is written waits in memory.
pub(super) fn pipe() -> (Inlet, Outlet) {
    let (inlet, outlet) = mpsc::channel();
    (Inlet(inlet), Outlet(outlet))
}

/// The end that is written to.
#[derive(Debug)]
pub(super) struct Inlet(mpsc::Sender<Bytes>);

impl Write for Inlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)
            .send(Bytes::copy_from_slice(bytes))
            .map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The end with the bytes.
pub(super) struct Outlet(mpsc::Receiver<Bytes>);

impl Outlet {
    /// The next piece that has been written.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        self.0.try_recv().ok()
    }
}
