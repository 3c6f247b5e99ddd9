//! The hybrid of runs and packed bits, in which Parquet has levels and indexes
//! (<https://github.com/apache/parquet-format/blob/master/Encodings.md#RLE>).

use bytes::{Buf, Bytes};

use super::pages::Damage;

/// Decodes numbers one by one.
#[derive(Debug, Default)]
pub(super) struct Hybrid {
    bytes: Bytes,
    /// Bits of a number.
    width: u8,
    run: Run,
    /// The numbers of the run that are left.
    left: u64,
}

#[derive(Debug)]
enum Run {
    Repeated(u32),
    /// Numbers without gaps, from this bit on.
    Packed {
        bytes: Bytes,
        bit: usize,
    },
}

impl Default for Run {
    fn default() -> Self {
        Self::Repeated(0)
    }
}

impl Hybrid {
    pub(super) fn new(bytes: Bytes, width: u8) -> Result<Self, Damage> {
        match u32::from(width) <= u32::BITS {
            true => Ok(Self {
                bytes,
                width,
                ..Self::default()
            }),
            false => Err(Damage::of("numbers of more than 32 bits")),
        }
    }

    /// Returns the next number.
    #[inline]
    pub(super) fn next(&mut self) -> Result<u32, Damage> {
        while self.left == 0 {
            self.begin_run()?;
        }
        self.left -= 1;
        match &mut self.run {
            Run::Repeated(number) => Ok(*number),
            Run::Packed { bytes, bit } => {
                let number = packed(bytes, *bit, self.width);
                *bit += usize::from(self.width);
                Ok(number)
            }
        }
    }

    fn begin_run(&mut self) -> Result<(), Damage> {
        let header = varint(&mut self.bytes)?;
        let count = header >> 1;
        match header & 1 {
            0 => {
                let bytes = take(&mut self.bytes, usize::from(self.width.div_ceil(8)))?;
                self.run = Run::Repeated(packed(&bytes, 0, self.width));
                self.left = count;
            }
            _ => {
                // A group of eight numbers takes as many bytes as a number has bits.
                let length = count.checked_mul(u64::from(self.width));
                let length = length.and_then(|length| usize::try_from(length).ok());
                let bytes = take(&mut self.bytes, length.unwrap_or(usize::MAX))?;
                self.run = Run::Packed { bytes, bit: 0 };
                self.left = count.saturating_mul(8);
            }
        }
        Ok(())
    }
}

/// Returns the number of this width at a bit. Bits after the end are zero.
#[inline]
fn packed(bytes: &[u8], bit: usize, width: u8) -> u32 {
    let mut word = [0; 8];
    let found = bytes.get(bit / 8..).unwrap_or_default();
    let length = found.len().min(word.len());
    word[..length].copy_from_slice(&found[..length]);
    let number = u64::from_le_bytes(word) >> (bit % 8);
    (number & ((1 << width) - 1)) as u32
}

/// Takes bytes from the front.
pub(super) fn take(bytes: &mut Bytes, length: usize) -> Result<Bytes, Damage> {
    match length <= bytes.len() {
        true => Ok(bytes.split_to(length)),
        false => Err(Damage::of("a page ends inside a value")),
    }
}

fn varint(bytes: &mut Bytes) -> Result<u64, Damage> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        if !bytes.has_remaining() {
            return Err(Damage::of("a page has fewer values than it says"));
        }
        let byte = bytes.get_u8();
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Damage::of("a run of more values than there can be"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn packed_numbers_are_those_that_were_packed(
            width in 0_u8..=32,
            numbers in prop::collection::vec(any::<u32>(), 1..40),
        ) {
            let mask = ((1_u64 << width) - 1) as u32;
            let groups = numbers.len().div_ceil(8);
            let mut page = vec![0; groups * usize::from(width)];
            let bits = numbers.iter().flat_map(|number| (0..width).map(move |i| number >> i & 1));
            for (at, bit) in bits.enumerate() {
                page[at / 8] |= (bit as u8) << (at % 8);
            }
            page.insert(0, (groups << 1 | 1) as u8);
            let mut hybrid = Hybrid::new(page.into(), width).unwrap();
            for number in numbers {
                prop_assert_eq!(hybrid.next().unwrap(), number & mask);
            }
        }

        #[test]
        fn any_bytes_give_numbers_or_an_error(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            width in any::<u8>(),
        ) {
            if let Ok(mut hybrid) = Hybrid::new(bytes.into(), width) {
                let _ = (0..1_000).try_for_each(|_| hybrid.next().map(drop));
            }
        }
    }
}
