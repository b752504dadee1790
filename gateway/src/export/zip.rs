//! A ZIP archive that is written in one go (APPNOTE.TXT 6.3.10): files as they are, each followed by its checksum and
//! size, the directory at the end. All that is remembered of a file is its line in the directory.

use std::io;

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use crc32fast::Hasher;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const DIRECTORY_HEADER: u32 = 0x0201_4b50;
const DIRECTORY_END: u32 = 0x0605_4b50;
const DIRECTORY_END_64: u32 = 0x0606_4b50;
const DIRECTORY_LOCATOR_64: u32 = 0x0706_4b50;
/// §4.4.4: a descriptor follows the data (bit 3), the name is UTF-8 (bit 11).
const FLAGS: u16 = 1 << 3 | 1 << 11;
/// What a reader of 1989 understands, and one that knows ZIP64.
const VERSION: u16 = 20;
const VERSION_64: u16 = 45;
/// §4.3.9.2: stands where a number needs more room, which is then elsewhere.
const ELSEWHERE_16: u16 = u16::MAX;
const ELSEWHERE_32: u32 = u32::MAX;

/// An archive that is being written.
pub(super) struct Zip {
    offset: u64,
    stamp: (u16, u16),
    current: Option<Current>,
    directory: Vec<Entry>,
}

struct Current {
    name: String,
    offset: u64,
    size: u64,
    checksum: Hasher,
}

struct Entry {
    name: Box<str>,
    offset: u64,
    size: u32,
    checksum: u32,
}

impl Zip {
    /// All files get this time.
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self { offset: 0, stamp: dos_time(now), current: None, directory: Vec::new() }
    }

    /// Begins a file, and ends the one before.
    pub(super) fn begin(&mut self, name: String, out: &mut Vec<u8>) -> io::Result<()> {
        self.end(out)?;
        let begin = out.len();
        let offset = self.offset;
        put32(out, LOCAL_HEADER);
        put16(out, VERSION);
        self.put_common(out, 0, 0, &name);
        out.extend_from_slice(name.as_bytes());
        self.offset += (out.len() - begin) as u64;
        self.current = Some(Current { name, offset, size: 0, checksum: Hasher::new() });
        Ok(())
    }

    /// More of the file that was begun.
    pub(super) fn write(&mut self, data: &[u8], out: &mut Vec<u8>) {
        if let Some(current) = &mut self.current {
            current.checksum.update(data);
            current.size += data.len() as u64;
            self.offset += data.len() as u64;
            out.extend_from_slice(data);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let Some(Current { name, offset, size, checksum }) = self.current.take() else { return Ok(()) };
        let size =
            u32::try_from(size).map_err(|_| io::Error::other("a file of 4 GiB does not fit into the archive"))?;
        let checksum = checksum.finalize();
        for number in [DESCRIPTOR, checksum, size, size] {
            put32(out, number);
        }
        self.offset += 16;
        self.directory.push(Entry { name: name.into(), offset, size, checksum });
        Ok(())
    }

    /// Writes the directory. Without it there is no archive.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> io::Result<()> {
        self.end(out)?;
        let begin = out.len();
        for entry in &self.directory {
            let far = u32::try_from(entry.offset).is_err();
            put32(out, DIRECTORY_HEADER);
            put16(out, VERSION);
            put16(out, if far { VERSION_64 } else { VERSION });
            self.put_directory_entry(out, entry, far);
        }
        let (start, size) = (self.offset, (out.len() - begin) as u64);
        let count = self.directory.len() as u64;
        let near = u16::try_from(count).is_ok_and(|count| count < ELSEWHERE_16)
            && u32::try_from(start + size).is_ok_and(|end| end < ELSEWHERE_32);
        if !near {
            put32(out, DIRECTORY_END_64);
            put64(out, 44); // The length of what follows.
            put16(out, VERSION_64);
            put16(out, VERSION_64);
            put32(out, 0); // This disk,
            put32(out, 0); // and the one with the directory.
            for number in [count, count, size, start] {
                put64(out, number);
            }
            put32(out, DIRECTORY_LOCATOR_64);
            put32(out, 0);
            put64(out, start + size);
            put32(out, 1);
        }
        let short = |number: u64| u16::try_from(number).unwrap_or(ELSEWHERE_16);
        let long = |number: u64| u32::try_from(number).unwrap_or(ELSEWHERE_32);
        put32(out, DIRECTORY_END);
        put32(out, 0); // Two numbers of disks.
        put16(out, short(count));
        put16(out, short(count));
        put32(out, long(size));
        put32(out, long(start));
        put16(out, 0); // No comment.
        Ok(())
    }

    fn put_directory_entry(&self, out: &mut Vec<u8>, entry: &Entry, far: bool) {
        // From the flags up to the lengths of name and extra field, as in a local header.
        self.put_common_with_extra(out, entry.checksum, entry.size, &entry.name, if far { 12 } else { 0 });
        put16(out, 0); // No comment,
        put16(out, 0); // the first disk,
        put16(out, 0); // nothing known of the inside,
        put32(out, 0); // nor of attributes.
        put32(out, u32::try_from(entry.offset).unwrap_or(ELSEWHERE_32));
        out.extend_from_slice(entry.name.as_bytes());
        if far {
            put16(out, 1); // §4.5.3: the ZIP64 extra field,
            put16(out, 8); // with an offset alone.
            put64(out, entry.offset);
        }
    }

    fn put_common(&self, out: &mut Vec<u8>, checksum: u32, size: u32, name: &str) {
        self.put_common_with_extra(out, checksum, size, name, 0);
    }

    fn put_common_with_extra(&self, out: &mut Vec<u8>, checksum: u32, size: u32, name: &str, extra: u16) {
        put16(out, FLAGS);
        put16(out, 0); // Stored as it is.
        put16(out, self.stamp.0);
        put16(out, self.stamp.1);
        put32(out, checksum);
        put32(out, size);
        put32(out, size);
        put16(out, u16::try_from(name.len()).expect("names are short"));
        put16(out, extra);
    }
}

/// §4.4.6: the time and the day, in two seconds and since 1980.
fn dos_time(now: DateTime<Utc>) -> (u16, u16) {
    let part = |number: u32| u16::try_from(number).unwrap_or_default();
    let year = part(u32::try_from(now.year() - 1980).unwrap_or_default()).min(127);
    (
        (part(now.hour()) << 11) | (part(now.minute()) << 5) | (part(now.second()) / 2),
        (year << 9) | (part(now.month()) << 5) | part(now.day()),
    )
}

fn put16(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put64(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}
