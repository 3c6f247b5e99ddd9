//! Archives of ZIP.

use super::*;

#[test]
fn every_form_of_a_zip_archive_is_read() {
    let text = small_text();
    for form in ZipForm::all() {
        is_read(&form.archive(&text), &SIZES, &format!("{form:?}"));
        is_read(&form.archive(b""), &SIZES, &format!("{form:?} of nothing"));
    }
}

#[test]
fn a_zip_archive_with_several_entries_fails_where_the_second_begins() {
    let text = small_text();
    let two = zip_of(
        [("a", &text), ("b", &text)],
        ::zip::CompressionMethod::Deflated,
    );
    let second = 4 + two[4..]
        .windows(4)
        .position(|bytes| bytes == b"PK\x03\x04")
        .unwrap();
    fails(&two, Reason::ZipSeveralEntries, second, "two entries");

    // An entry that only the directory has.
    let one = ZipForm::default().archive(&text);
    let directory = one
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    let end = one
        .windows(4)
        .position(|bytes| bytes == b"PK\x05\x06")
        .unwrap();
    let doubled = [&one[..end], &one[directory..]].concat();
    fails(&doubled, Reason::ZipSeveralEntries, end, "two descriptions");
}

#[test]
fn a_zip_archive_that_is_not_read_fails_by_name() {
    let text = small_text();
    let archive = ZipForm::default().archive(&text);
    let with = |at: usize, bytes: &[u8]| {
        let mut archive = archive.clone();
        archive[at..at + bytes.len()].copy_from_slice(bytes);
        archive
    };
    for flags in [[1, 0], [0x41, 0], [0, 0x20]] {
        fails(&with(6, &flags), Reason::ZipEncrypted, 0, "encrypted");
    }
    fails(&with(8, &[99, 0]), Reason::ZipEncrypted, 0, "AES");
    fails(&with(8, &[12, 0]), Reason::ZipMethod(12), 0, "bzip2");
    fails(&with(8, &[93, 0]), Reason::ZipMethod(93), 0, "zstd");
    let form = ZipForm {
        is_stored: true,
        has_descriptor: true,
        ..ZipForm::default()
    };
    fails(&form.archive(&text), Reason::ZipUnsized, 0, "stored");
}

#[test]
fn a_zip_archive_that_contradicts_itself_fails_where_the_record_begins() {
    let text = small_text();
    let deflated = ZipForm::default().archive(&text);
    let streamed = ZipForm::numbered(2).archive(&text);
    let stored = ZipForm::numbered(1).archive(&text);
    let zip64 = ZipForm::numbered(8).archive(&text);
    let place = |archive: &[u8], signature: &[u8]| {
        archive
            .windows(4)
            .position(|bytes| bytes == signature)
            .unwrap()
    };
    for (archive, record, offset, what) in [
        (&deflated, b"PK\x03\x04", 14, "a wrong CRC"),
        (&deflated, b"PK\x03\x04", 18, "a false size"),
        (&deflated, b"PK\x03\x04", 22, "a false size"),
        (&stored, b"PK\x03\x04", 14, "a wrong CRC"),
        (&stored, b"PK\x03\x04", 18, "a false size"),
        (&stored, b"PK\x03\x04", 22, "a false size"),
        (
            &deflated,
            b"PK\x01\x02",
            16,
            "other sizes or another CRC than its entry has",
        ),
        (
            &deflated,
            b"PK\x01\x02",
            20,
            "other sizes or another CRC than its entry has",
        ),
        (
            &deflated,
            b"PK\x01\x02",
            24,
            "other sizes or another CRC than its entry has",
        ),
        (
            &deflated,
            b"PK\x01\x02",
            10,
            "another form than its entry has",
        ),
        (&deflated, b"PK\x01\x02", 34, "a false offset"),
        (&deflated, b"PK\x01\x02", 42, "a false offset"),
        (
            &deflated,
            b"PK\x05\x06",
            4,
            "another directory than there is",
        ),
        (
            &deflated,
            b"PK\x05\x06",
            8,
            "another directory than there is",
        ),
        (
            &deflated,
            b"PK\x05\x06",
            10,
            "another directory than there is",
        ),
        (
            &deflated,
            b"PK\x05\x06",
            12,
            "another directory than there is",
        ),
        (
            &deflated,
            b"PK\x05\x06",
            16,
            "another directory than there is",
        ),
        (&zip64, b"PK\x06\x06", 4, "a false length"),
        (&zip64, b"PK\x06\x06", 24, "another directory than there is"),
        (&zip64, b"PK\x06\x06", 48, "another directory than there is"),
        (&zip64, b"PK\x06\x07", 8, "a false offset"),
    ] {
        let record = place(archive, record);
        for bit in [1, 0x80] {
            let mut archive = archive.clone();
            archive[record + offset] ^= bit;
            let reason = fault(&archive).reason;
            // A changed method can also be one that is not read.
            fails(
                &archive,
                Reason::CorruptZip(what),
                record,
                &format!("{reason}"),
            );
        }
    }
    // The directory's ZIP64 field ends before the offset, to which its entry refers.
    let central = place(&zip64, b"PK\x01\x02");
    let name = usize::from(zip64[central + 28]);
    let mut archive = zip64.clone();
    archive[central + 46 + name + 8] ^= 8;
    let what = "a ZIP64 field without a value that it should have";
    fails(&archive, Reason::CorruptZip(what), central, what);
    let mut archive = zip64.clone();
    archive[place(&zip64, b"RH\x02\0") + 3] ^= 16;
    fails(&archive, Reason::CorruptZip(what), 0, what);
    // The descriptor belongs to the entry.
    let descriptor = place(&streamed, b"PK\x07\x08");
    for (offset, what) in [
        (4, "a wrong CRC"),
        (8, "a false size"),
        (12, "a false size"),
    ] {
        let mut archive = streamed.clone();
        archive[descriptor + offset] ^= 1;
        fails(&archive, Reason::CorruptZip(what), 0, what);
    }
    let data = [&b"PK\x03\x04"[..], &deflated[4..34], b"\x07"].concat();
    fails(
        &data,
        Reason::CorruptZip("not deflate"),
        0,
        "a reserved block",
    );
    let after = [&deflated[..], b"\n"].concat();
    let reason = Reason::CorruptZip("bytes after its end");
    fails(&after, reason, deflated.len(), "a newline after it");
    for (object, what) in [
        (
            &b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"[..],
            "no entry",
        ),
        (b"PK\x07\x08PK\x03\x04", "a part of a split archive"),
    ] {
        fails(object, Reason::CorruptZip(what), 0, what);
    }
    let end = place(&deflated, b"PK\x01\x02");
    let object = [&deflated[..end], b"PK\x09\x09"].concat();
    let reason = Reason::CorruptZip("no directory after its entry");
    fails(&object, reason, end, "no directory");
}
