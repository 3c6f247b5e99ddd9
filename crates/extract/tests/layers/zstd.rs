//! Frames of zstd.

use super::*;

#[test]
fn every_form_of_zstd_is_read() {
    let text = small_text();
    for level in [-7, 1, 3, 19] {
        for flags in 0..4 {
            for window_log in [0, 10, 23] {
                let form = ZstdForm {
                    level,
                    has_checksum: flags & 1 != 0,
                    has_size: flags & 2 != 0,
                    window_log,
                };
                let frames = [form.frame(&text), form.frame(&text)];
                is_read(&frames[0], &SIZES, &format!("{form:?}"));
                is_read(&frames.concat(), &SIZES, "two frames");
                is_read(&frames.join(&b"\r\n"[..]), &SIZES, "two lines");
                let skippable = b"\x55\x2a\x4d\x18\x02\0\0\0{}".as_slice();
                let empty = b"\x55\x2a\x4d\x18\0\0\0\0".as_slice();
                let object = [skippable, &frames[0], empty, skippable].concat();
                is_read(&object, &SIZES, "frames without text");
            }
        }
    }
}

#[test]
fn a_faulty_zstd_frame_fails_where_it_begins() {
    let sound = zstd(small_text());
    let checked = checked_zstd(&small_text());
    let frame = |rest: &[u8]| [b"\x28\xb5\x2f\xfd", rest].concat();
    let corrupt = Reason::CorruptZstd;
    let window = Reason::ZstdWindow(8 << 20);
    let mut wrong_checksum = checked.clone();
    *wrong_checksum.last_mut().unwrap() ^= 1;
    for (broken, reason) in [
        (frame(&[0x08, 0, 0, 0]), corrupt("a reserved bit")),
        (frame(&[0x01, 0, 7]), Reason::ZstdDictionary),
        (frame(&[0x03, 0, 0, 0, 0, 1]), Reason::ZstdDictionary),
        // 8 MiB and an eighth of it.
        (frame(&[0, 13 << 3 | 1]), window.clone()),
        (frame(&[0, 0xff]), window.clone()),
        // All of the text at once: 4 GiB, and more than there is.
        (frame(&[0xa0, 0, 0, 0, 0xff]), window.clone()),
        (
            frame(&[0xe0, 255, 255, 255, 255, 255, 255, 255, 255]),
            window,
        ),
        // A reserved type of block, and one that is too long.
        (frame(&[0, 0, 7, 0, 0]), corrupt("not zstd")),
        (
            frame(&[0, 0, 1, 0, 0xff]),
            corrupt("a block that is too long"),
        ),
        (frame(&[0, 0, 0b0000_1101, 0, 0, 0]), corrupt("not zstd")),
        // Two bytes instead of one, and none instead of one.
        (
            frame(&[0x20, 1, 0b0001_0001, 0, 0, b' ', b' ']),
            corrupt("not zstd"),
        ),
        (frame(&[0x20, 1, 1, 0, 0]), corrupt("a false size")),
        (wrong_checksum, corrupt("a wrong checksum")),
        (b"{}{}".to_vec(), corrupt("no magic number")),
        (sound[1..].to_vec(), corrupt("no magic number")),
    ] {
        let object = [&sound[..], b"\n", &broken].concat();
        fails(&object, reason, sound.len() + 1, &format!("{broken:x?}"));
    }
}
