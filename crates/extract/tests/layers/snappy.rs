//! Snappy, framed and in Hadoop's framing.

use super::*;

#[test]
fn hadoops_blocks_and_chunks_can_have_any_size() {
    let text = small_text();
    for (block, chunk) in [
        (1 << 18, 1 << 18),
        (100, 100),
        (100, 7),
        (1, 1),
        (1 << 20, 99),
    ] {
        let object = hadoop_snappy(&text, block, chunk);
        is_read(&object, &SIZES, &format!("{block}, {chunk}"));
        // Hadoop ends a stream so if its last text filled a block.
        is_read(&[&object[..], &[0; 4]].concat(), &SIZES, "an empty block");
    }
    is_read(&[0; 4], &SIZES, "no text");
    let expected = at(Reason::TooManyLayers(3), Stream::Layer(3), 0);
    assert_eq!(fault(&gzip(gzip(gzip([0; 4])))), expected);
}

#[test]
fn corrupt_snappy_fails_where_the_chunk_begins() {
    let sound = snappy(small_text());
    let chunk = |kind: u8, length: usize, data: &[u8]| {
        let length = (length as u32).to_le_bytes();
        [&[kind][..], &length[..3], data].concat()
    };
    for (broken, reason) in [
        (
            chunk(0, 5, b"\0\0\0\0\0"),
            Reason::CorruptSnappy("a wrong CRC"),
        ),
        (
            chunk(1, 5, b"\0\0\0\0x"),
            Reason::CorruptSnappy("a wrong CRC"),
        ),
        (
            chunk(0, 6, b"\0\0\0\0\x02x"),
            Reason::CorruptSnappy("not Snappy"),
        ),
        (chunk(2, 2, b"\x02x"), Reason::CorruptSnappy("not Snappy")),
        (
            chunk(0, 4, b"\0\0\0\0"),
            Reason::CorruptSnappy("a chunk that is too short"),
        ),
        (
            chunk(1, 3, b"\0\0\0"),
            Reason::CorruptSnappy("a chunk that is too short"),
        ),
        (
            chunk(2, 0, b""),
            Reason::CorruptSnappy("a chunk that is too short"),
        ),
        (
            chunk(4, 0, b""),
            Reason::CorruptSnappy("an unknown type of chunk"),
        ),
        (
            chunk(0x7f, 1, b"x"),
            Reason::CorruptSnappy("an unknown type of chunk"),
        ),
        (
            chunk(b'\n', 0, b""),
            Reason::CorruptSnappy("an unknown type of chunk"),
        ),
        (
            chunk(0xff, 6, b"sNaPpy"),
            Reason::CorruptSnappy("an identifier of something else"),
        ),
        (
            chunk(0xff, 5, b"sNaPp"),
            Reason::CorruptSnappy("an identifier of something else"),
        ),
        (chunk(1, 65_541, b""), Reason::SnappyTooLarge(65_536)),
        (chunk(3, 65_537, b""), Reason::SnappyTooLarge(65_536)),
        (chunk(0, 0xff_ff_ff, b""), Reason::SnappyTooLarge(65_536)),
        // 65,537 bytes of text.
        (
            chunk(0, 8, b"\0\0\0\0\x81\x80\x04x"),
            Reason::SnappyTooLarge(65_536),
        ),
        // 4 GiB of text.
        (
            chunk(2, 5, b"\xff\xff\xff\xff\x0f"),
            Reason::SnappyTooLarge(65_536),
        ),
    ] {
        let object = [&sound[..], &broken].concat();
        fails(&object, reason, sound.len(), &format!("{broken:x?}"));
    }
}

#[test]
fn corrupt_snappy_of_hadoop_fails_where_the_block_or_chunk_begins() {
    let sound = hadoop_snappy(small_text(), 100, 100);
    for (broken, offset, reason) in [
        (
            &b"\0\0\0\x01\0\0\0\0"[..],
            4,
            Reason::CorruptSnappy("no bytes"),
        ),
        (
            b"\0\0\0\x01\0\0\0\x02\x02x",
            4,
            Reason::CorruptSnappy("not Snappy"),
        ),
        (
            b"\0\0\0\x01\0\0\0\x04\x02\x04xx",
            4,
            Reason::CorruptSnappy("more text than its block has"),
        ),
        (
            b"\x80\0\0\x01",
            0,
            Reason::CorruptSnappy("a negative length"),
        ),
        (
            b"\0\xff\xff\xff\x01\0\0\0",
            4,
            Reason::SnappyTooLarge(1 << 20),
        ),
        // 1 MiB and one byte of text.
        (
            b"\0\xff\xff\xff\0\0\0\x04\x81\x80\x40x",
            4,
            Reason::SnappyTooLarge(1 << 20),
        ),
    ] {
        let object = [&sound[..], broken].concat();
        fails(
            &object,
            reason,
            sound.len() + offset,
            &format!("{broken:x?}"),
        );
    }
    // Such a first chunk is recognised too.
    let object = b"\0\xff\xff\xff\0\0\0\x04\x81\x80\x40x";
    fails(
        object,
        Reason::SnappyTooLarge(1 << 20),
        4,
        "the first chunk",
    );
}
