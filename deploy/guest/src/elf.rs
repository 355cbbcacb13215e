//! The application's ELF file: what of it goes where.

use core::fmt;

use crate::areas::Protection;
use crate::paging::{PAGE, page_of, page_up};

const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const INTERPRETER: u32 = 3;
const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;

/// Why a file is not an application for this kernel. Whoever made the image is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElfError {
    /// Not a 64-bit little-endian ELF file for x86-64, or cut short.
    Malformed,
    /// Needs a dynamic linker, or wants to be relocated.
    NotStatic,
    /// A segment lies where the application may not be, or before an earlier one.
    Misplaced,
    /// A segment is both writable and executable.
    WritableText,
}

impl fmt::Display for ElfError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            ElfError::Malformed => "the application is not an ELF file for x86-64, or not a whole one",
            ElfError::NotStatic => "the application is not a static executable at a fixed address",
            ElfError::Misplaced => "a segment of the application lies where none may be",
            ElfError::WritableText => "a segment of the application is both writable and executable",
        })
    }
}

/// A part of the file and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it starts in memory.
    pub address: u64,
    /// How many octets it has in memory; those beyond the file's are zero.
    pub size: u64,
    /// Where it starts in the file.
    pub offset: u64,
    /// How many octets it has in the file.
    pub file_size: u64,
    /// What may be done to it.
    pub protection: Protection,
}

/// A checked ELF file.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    file: &'a [u8],
    /// Where it starts to run.
    pub entry: u64,
    /// Where in memory its program headers are.
    pub headers: u64,
    /// How many those are.
    pub header_count: u16,
    /// The page behind its last segment.
    pub end: u64,
}

impl<'a> Program<'a> {
    /// Checks a file whose segments must lie from `bottom` up to `top`.
    pub fn parse(file: &'a [u8], bottom: u64, top: u64) -> Result<Program<'a>, ElfError> {
        let is_elf = file.len() >= HEADER && file[..7] == *b"\x7fELF\x02\x01\x01" && half(file, 18) == Some(62);
        if !is_elf || half(file, 54) != Some(PROGRAM_HEADER as u16) {
            return Err(ElfError::Malformed);
        }
        if half(file, 16) != Some(2) {
            return Err(ElfError::NotStatic);
        }
        let number = |at| long(file, at).ok_or(ElfError::Malformed);
        let (entry, table) = (number(24)?, number(32)?);
        let header_count = half(file, 56).ok_or(ElfError::Malformed)?;
        let mut program = Program { file, entry, headers: 0, header_count, end: bottom };
        for index in 0..usize::from(header_count) {
            let at = program.header(index).ok_or(ElfError::Malformed)?;
            match word(file, at).ok_or(ElfError::Malformed)? {
                INTERPRETER | DYNAMIC => return Err(ElfError::NotStatic),
                LOAD => program.check(&program.segment(index).ok_or(ElfError::Malformed)?, table, top)?,
                _ => {}
            }
        }
        let starts = program.segments().any(|segment| {
            segment.protection.execute && (segment.address..segment.address + segment.size).contains(&entry)
        });
        if starts { Ok(program) } else { Err(ElfError::Misplaced) }
    }

    /// What is to be loaded.
    pub fn segments(&self) -> impl Iterator<Item = Segment> {
        (0..usize::from(self.header_count)).filter_map(|index| {
            let at = self.header(index)?;
            (word(self.file, at)? == LOAD).then(|| self.segment(index))?
        })
    }

    fn check(&mut self, segment: &Segment, table: u64, top: u64) -> Result<(), ElfError> {
        let file_end = segment.offset.checked_add(segment.file_size).ok_or(ElfError::Malformed)?;
        if file_end > self.file.len() as u64 || segment.file_size > segment.size {
            return Err(ElfError::Malformed);
        }
        let end = segment.address.checked_add(segment.size).and_then(page_up).ok_or(ElfError::Misplaced)?;
        let aligned = segment.offset % PAGE == segment.address % PAGE;
        if page_of(segment.address) < self.end || end > top || !aligned {
            return Err(ElfError::Misplaced);
        }
        if segment.protection.write && segment.protection.execute {
            return Err(ElfError::WritableText);
        }
        if (segment.offset..file_end).contains(&table) {
            self.headers = segment.address + (table - segment.offset);
        }
        self.end = end;
        Ok(())
    }

    /// Where in the file a program header is.
    fn header(&self, index: usize) -> Option<usize> {
        let table = usize::try_from(long(self.file, 32)?).ok()?;
        table.checked_add(index * PROGRAM_HEADER)
    }

    fn segment(&self, index: usize) -> Option<Segment> {
        let (file, at) = (self.file, self.header(index)?);
        let flags = word(file, at + 4)?;
        Some(Segment {
            address: long(file, at + 16)?,
            size: long(file, at + 40)?,
            offset: long(file, at + 8)?,
            file_size: long(file, at + 32)?,
            protection: Protection { read: flags & 4 != 0, write: flags & 2 != 0, execute: flags & 1 != 0 },
        })
    }
}

fn half(file: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(file.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn word(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(file.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn long(file: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(file.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTTOM: u64 = 0x20_0000;
    const TOP: u64 = 1 << 40;

    struct Header {
        kind: u32,
        flags: u32,
        offset: u64,
        address: u64,
        file_size: u64,
        size: u64,
    }

    fn text() -> Header {
        Header { kind: LOAD, flags: 5, offset: 0, address: 0x40_0000, file_size: 0x200, size: 0x200 }
    }

    fn data() -> Header {
        Header { kind: LOAD, flags: 6, offset: 0x200, address: 0x40_1200, file_size: 0x100, size: 0x3000 }
    }

    fn file(kind: u16, headers: &[Header]) -> Vec<u8> {
        let mut file = vec![0; 0x300];
        file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        file[16..18].copy_from_slice(&kind.to_le_bytes());
        file[18..20].copy_from_slice(&62u16.to_le_bytes());
        file[24..32].copy_from_slice(&0x40_0010u64.to_le_bytes());
        file[32..40].copy_from_slice(&64u64.to_le_bytes());
        file[54..56].copy_from_slice(&56u16.to_le_bytes());
        file[56..58].copy_from_slice(&(headers.len() as u16).to_le_bytes());
        for (index, header) in headers.iter().enumerate() {
            let at = 64 + 56 * index;
            file[at..at + 4].copy_from_slice(&header.kind.to_le_bytes());
            file[at + 4..at + 8].copy_from_slice(&header.flags.to_le_bytes());
            let longs = [header.offset, header.address, 0, header.file_size, header.size];
            for (place, long) in longs.iter().enumerate() {
                file[at + 8 + 8 * place..][..8].copy_from_slice(&long.to_le_bytes());
            }
        }
        file
    }

    fn refused(headers: &[Header]) -> Option<ElfError> {
        Program::parse(&file(2, headers), BOTTOM, TOP).err()
    }

    #[test]
    fn a_static_program_is_taken_apart() {
        let file = file(2, &[text(), data()]);
        let program = Program::parse(&file, BOTTOM, TOP).unwrap();
        assert_eq!((program.entry, program.headers, program.end), (0x40_0010, 0x40_0040, 0x40_5000));
        let segments: Vec<Segment> = program.segments().collect();
        assert!(segments[0].protection.execute && !segments[0].protection.write);
        assert_eq!((segments[1].address, segments[1].size), (0x40_1200, 0x3000));
    }

    #[test]
    fn what_is_not_static_is_refused() {
        assert_eq!(Program::parse(&file(3, &[text()]), BOTTOM, TOP).err(), Some(ElfError::NotStatic));
        assert_eq!(refused(&[text(), Header { kind: INTERPRETER, ..data() }]), Some(ElfError::NotStatic));
        assert_eq!(refused(&[text(), Header { kind: DYNAMIC, ..data() }]), Some(ElfError::NotStatic));
    }

    #[test]
    fn segments_must_be_in_place() {
        assert_eq!(refused(&[Header { address: 0x10_0000, ..text() }]), Some(ElfError::Misplaced));
        assert_eq!(refused(&[text(), Header { address: TOP + 0x200, ..data() }]), Some(ElfError::Misplaced));
        assert_eq!(refused(&[text(), Header { address: 0x40_0200, ..data() }]), Some(ElfError::Misplaced));
        assert_eq!(refused(&[text(), Header { address: 0x40_1300, ..data() }]), Some(ElfError::Misplaced));
        assert_eq!(refused(&[text(), Header { size: u64::MAX - 5, ..data() }]), Some(ElfError::Misplaced));
        assert_eq!(refused(&[Header { flags: 4, ..text() }]), Some(ElfError::Misplaced), "the entry must be text");
    }

    #[test]
    fn text_must_not_be_writable() {
        assert_eq!(refused(&[Header { flags: 7, ..text() }]), Some(ElfError::WritableText));
    }

    #[test]
    fn cut_files_are_refused() {
        assert_eq!(refused(&[text(), Header { file_size: 0x101, ..data() }]), Some(ElfError::Malformed));
        assert_eq!(refused(&[text(), Header { size: 0x10, ..data() }]), Some(ElfError::Malformed));
        let whole = file(2, &[text(), data()]);
        for length in 0..whole.len() {
            assert!(Program::parse(&whole[..length], BOTTOM, TOP).is_err(), "{length}");
        }
    }
}
