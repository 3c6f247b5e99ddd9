//! Any bytes as a ZIP archive.

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::io;

use super::layer::Layer;
use crate::stash::ZipForm;

const LAYER: Layer = Layer { encode, repair };

pub fn check(data: &[u8]) {
    LAYER.check(data);
}

fn encode(text: &[u8], form: u8) -> Vec<u8> {
    let forms = ZipForm::all().collect::<Vec<_>>();
    forms[usize::from(form) % forms.len()].archive(text)
}

/// Corrects the CRC in the local header and the central one, for an entry whose sizes come first.
fn repair(archive: &mut [u8]) {
    let number = |archive: &[u8], at: usize, length: usize| {
        let bytes = archive.get(at..at + length)?.iter().rev();
        Some(bytes.fold(0, |number, byte| number << 8 | usize::from(*byte)))
    };
    let crc = |archive: &[u8]| {
        let data = 30 + number(archive, 26, 2)? + number(archive, 28, 2)?;
        let compressed = number(archive, 18, 4)?;
        let end = data.checked_add(compressed)?;
        let bytes = archive.get(data..end)?;
        let text = match number(archive, 8, 2)? {
            0 => bytes.to_vec(),
            _ => {
                let mut text = Vec::new();
                io::copy(&mut DeflateDecoder::new(bytes), &mut text).ok()?;
                text
            }
        };
        let mut crc = Crc::new();
        crc.update(&text);
        Some((end, crc.sum().to_le_bytes()))
    };
    if let Some((central, crc)) = crc(archive) {
        archive[14..18].copy_from_slice(&crc);
        if let Some(field) = archive.get_mut(central + 16..central + 20) {
            field.copy_from_slice(&crc);
        }
    }
}
