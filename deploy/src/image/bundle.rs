//! The octets of an image: the kernel's ELF file, in whose table of segments an unused entry becomes the payload's, and
//! the payload: a page that says what follows (`deploy/guest/src/payload.rs` reads it), and the service's ELF file,
//! packed.
//!
//! Of both files only what is loaded is taken; names, sections and what debuggers want stay behind. So do the tables
//! for unwinding the stack, which are loaded, but which a service that aborts when it panics reads for a backtrace at
//! most; they become zeros, an empty table.

use super::lz4;

/// Where the payload goes in memory.
const ADDRESS: u64 = 0x20_0000;
const PAGE: usize = 4096;
const MAGIC: &[u8; 8] = b"gitstead";
const HEADER: usize = 32;

const PROGRAM_HEADER: usize = 56;
const SECTION: usize = 64;
const UNUSED: u32 = 0;
const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const INTERPRETER: u32 = 3;
const NOTE: u32 = 4;
const READABLE: u32 = 4;

/// Why there is no image, or why a file is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The operator's.
    #[error("is not an ELF file for x86-64, or not a whole one")]
    NotElf,
    /// The operator's.
    #[error("is not a static executable at a fixed address; `gitstead build` makes one")]
    NotStatic,
    /// The operator's.
    #[error("name and arguments are longer than {} octets", PAGE - HEADER)]
    TooLong,
    /// Ours: the kernel was linked by another script.
    #[error("the kernel has no place for a payload")]
    NoPlace,
    /// The operator's.
    #[error("is not an image that `gitstead image` has made")]
    NotAnImage,
}

/// What goes into an image beside the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bundle<'a> {
    /// What the program is called.
    pub name: &'a str,
    /// Its arguments when the machine is started without any.
    pub arguments: &'a str,
    /// Its ELF file; of an image that is there, as it is packed.
    pub elf: &'a [u8],
}

impl<'a> Bundle<'a> {
    /// The image.
    pub fn encode(&self, kernel: &[u8]) -> Result<Vec<u8>, BundleError> {
        let elf = Elf::parse(self.elf)?;
        if elf.kind != 2 || elf.headers().any(|header| matches!(header.kind, DYNAMIC | INTERPRETER)) {
            return Err(BundleError::NotStatic);
        }
        let (loaded, packed) = (elf.loaded(), lz4::pack(&elf.loaded()));
        let payload = [self.first_page(loaded.len(), packed.len())?, packed].concat();
        let kernel = Elf::parse(kernel)?;
        let place = kernel.headers().position(|header| header.kind == UNUSED).ok_or(BundleError::NoPlace)?;
        let mut image = kernel.loaded();
        image.resize(image.len().next_multiple_of(PAGE), 0);
        let (offset, size) = (image.len() as u64, payload.len() as u64);
        let header = &mut image[kernel.table + place * PROGRAM_HEADER..][..PROGRAM_HEADER];
        header[..4].copy_from_slice(&LOAD.to_le_bytes());
        header[4..8].copy_from_slice(&READABLE.to_le_bytes());
        for (place, long) in [offset, ADDRESS, ADDRESS, size, size, PAGE as u64].iter().enumerate() {
            header[8 + 8 * place..][..8].copy_from_slice(&long.to_le_bytes());
        }
        image.extend(payload);
        Ok(image)
    }

    /// What an image holds.
    pub fn decode(image: &'a [u8]) -> Result<Bundle<'a>, BundleError> {
        let header = Elf::parse(image)?.headers().find(|header| header.kind == LOAD && header.address == ADDRESS);
        let offset = header.ok_or(BundleError::NotAnImage)?.offset;
        let payload = image.get(offset..).filter(|payload| payload.starts_with(MAGIC));
        let payload = payload.ok_or(BundleError::NotAnImage)?;
        let text = |start: usize, length: usize| {
            let octets = payload.get(start..start.checked_add(length)?)?;
            std::str::from_utf8(octets).ok()
        };
        let length = |at| number(payload, at, 4).and_then(|length| usize::try_from(length).ok());
        let (name, arguments) = length(16).zip(length(20)).ok_or(BundleError::NotAnImage)?;
        let (name, arguments) = (text(HEADER, name), text(HEADER + name, arguments));
        let elf = payload.get(PAGE..).ok_or(BundleError::NotAnImage)?;
        let (name, arguments) = name.zip(arguments).ok_or(BundleError::NotAnImage)?;
        Ok(Bundle { name, arguments, elf })
    }

    fn first_page(&self, elf_length: usize, packed_length: usize) -> Result<Vec<u8>, BundleError> {
        let length = |text: &str| u32::try_from(text.len()).map_err(|_| BundleError::TooLong);
        let mut page = MAGIC.to_vec();
        page.extend((elf_length as u64).to_le_bytes());
        page.extend(length(self.name)?.to_le_bytes());
        page.extend(length(self.arguments)?.to_le_bytes());
        page.extend((packed_length as u64).to_le_bytes());
        page.extend(self.name.as_bytes());
        page.extend(self.arguments.as_bytes());
        if page.len() > PAGE {
            return Err(BundleError::TooLong);
        }
        page.resize(PAGE, 0);
        Ok(page)
    }
}

/// An ELF file as far as it is looked at here.
struct Elf<'a> {
    file: &'a [u8],
    kind: u64,
    table: usize,
    count: usize,
    /// Where the last octet that is loaded, or a note, ends.
    end: usize,
}

struct Header {
    kind: u32,
    offset: usize,
    address: u64,
    size: usize,
}

impl<'a> Elf<'a> {
    fn parse(file: &'a [u8]) -> Result<Elf<'a>, BundleError> {
        let number = |at, size| number(file, at, size).ok_or(BundleError::NotElf);
        let place = |at, size| number(at, size).and_then(|long| usize::try_from(long).map_err(|_| BundleError::NotElf));
        if !file.starts_with(b"\x7fELF\x02\x01\x01") || number(18, 2)? != 62 || place(54, 2)? != PROGRAM_HEADER {
            return Err(BundleError::NotElf);
        }
        let mut elf = Elf { file, kind: number(16, 2)?, table: place(32, 8)?, count: place(56, 2)?, end: 0 };
        let table_end = elf.table.checked_add(elf.count * PROGRAM_HEADER).ok_or(BundleError::NotElf)?;
        let loaded = elf.headers().filter(|header| matches!(header.kind, LOAD | NOTE));
        let ends = loaded.map(|header| header.offset.checked_add(header.size));
        let ends = ends.chain([Some(table_end)]).collect::<Option<Vec<usize>>>().ok_or(BundleError::NotElf)?;
        elf.end = ends.into_iter().max().filter(|end| *end <= file.len()).ok_or(BundleError::NotElf)?;
        Ok(elf)
    }

    fn headers(&self) -> impl Iterator<Item = Header> {
        let headers = (0..self.count).map_while(|index| {
            let at = self.table.checked_add(index * PROGRAM_HEADER)?;
            let long = |offset: usize| number(self.file, at.checked_add(offset)?, 8);
            let place = |offset| long(offset).and_then(|long| usize::try_from(long).ok());
            let kind = u32::try_from(number(self.file, at, 4)?).ok()?;
            Some(Header { kind, offset: place(8)?, address: long(24)?, size: place(32)? })
        });
        headers.collect::<Vec<_>>().into_iter()
    }

    /// The file without what is not loaded: sections are, and are listed, behind the segments.
    fn loaded(&self) -> Vec<u8> {
        let mut octets = self.file[..self.end].to_vec();
        for (offset, size) in self.unwinding_tables() {
            octets.get_mut(offset..offset.saturating_add(size)).unwrap_or_default().fill(0);
        }
        octets[40..48].fill(0);
        octets[60..64].fill(0);
        octets
    }
}

impl Elf<'_> {
    /// Places and sizes of `.eh_frame` and its index, as the sections list them; none without sections.
    fn unwinding_tables(&self) -> Vec<(usize, usize)> {
        let place = |at: usize, size| number(self.file, at, size).and_then(|long| usize::try_from(long).ok());
        let names = || {
            let (sections, count, index) = (place(40, 8)?, place(60, 2)?, place(62, 2)?);
            let names = place(sections.checked_add(index * SECTION + 24)?, 8)?;
            Some((sections, count, names))
        };
        let Some((sections, count, names)) = names() else { return Vec::new() };
        let table = |index: usize| {
            let section = sections.checked_add(index * SECTION)?;
            let name = self.file.get(names.checked_add(place(section, 4)?)?..)?;
            let is_one = name.starts_with(b".eh_frame\0") || name.starts_with(b".eh_frame_hdr\0");
            Some((place(section + 24, 8)?, place(section + 32, 8)?)).filter(|_| is_one)
        };
        (0..count).filter_map(table).collect()
    }
}

/// A little-endian number of `size` octets.
fn number(file: &[u8], at: usize, size: usize) -> Option<u64> {
    let octets = file.get(at..at.checked_add(size)?)?;
    Some(octets.iter().rev().fold(0, |sum, octet| sum << 8 | u64::from(*octet)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with segments of the kinds given, each of 16 octets behind the first page, and sections behind those.
    fn elf(kind: u16, segments: &[u32]) -> Vec<u8> {
        let mut file = vec![0; PAGE];
        file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        file[16..18].copy_from_slice(&kind.to_le_bytes());
        file[18..20].copy_from_slice(&62u16.to_le_bytes());
        file[32..40].copy_from_slice(&64u64.to_le_bytes());
        file[40..48].copy_from_slice(&9999u64.to_le_bytes());
        file[54..56].copy_from_slice(&56u16.to_le_bytes());
        file[56..58].copy_from_slice(&(segments.len() as u16).to_le_bytes());
        for (index, segment) in segments.iter().enumerate() {
            let header = &mut file[64 + PROGRAM_HEADER * index..][..PROGRAM_HEADER];
            header[..4].copy_from_slice(&segment.to_le_bytes());
            let offset = if *segment == UNUSED { 0 } else { PAGE + 16 * index };
            header[8..16].copy_from_slice(&(offset as u64).to_le_bytes());
            header[24..32].copy_from_slice(&0x10_0000u64.to_le_bytes());
            header[32..40].copy_from_slice(&16u64.to_le_bytes());
        }
        for index in 0..segments.len() {
            file.extend([index as u8 + 1; 16]);
        }
        file.extend(b"sections and what debuggers want");
        file
    }

    #[test]
    fn what_is_put_in_is_found_again_without_its_sections() {
        let (kernel, service) = (elf(2, &[NOTE, LOAD, UNUSED]), elf(2, &[LOAD, LOAD]));
        let bundle = Bundle { name: "dns-primary", arguments: "--axfr", elf: &service };
        let image = bundle.encode(&kernel).unwrap();
        let found = Bundle::decode(&image).unwrap();
        assert_eq!((found.name, found.arguments), (bundle.name, bundle.arguments));
        assert!(found.elf == lz4::pack(&Elf::parse(&service).unwrap().loaded()));
        assert!(!image.windows(8).any(|part| part == b"sections"));
        assert_eq!(image.len() % PAGE, found.elf.len() % PAGE);
    }

    #[test]
    fn tables_for_unwinding_stay_behind() {
        let mut file = elf(2, &[LOAD, LOAD]);
        let (names, sections) = (file.len(), file.len() + 16);
        file.extend(b"\0.eh_frame\0\0\0\0\0\0");
        file.extend([0; SECTION]);
        for (offset, long) in [(24, names as u64), (32, 16), (64, 1), (64 + 24, PAGE as u64 + 8), (64 + 32, 16)] {
            file.resize(file.len().max(sections + 2 * SECTION), 0);
            file[sections + offset..][..8].copy_from_slice(&long.to_le_bytes());
        }
        file[40..48].copy_from_slice(&(sections as u64).to_le_bytes());
        file[60] = 2;
        let loaded = Elf::parse(&file).unwrap().loaded();
        assert_eq!(loaded[PAGE..], [[1; 8], [0; 8], [0; 8], [2; 8]].concat());
    }

    #[test]
    fn only_static_executables_go_in() {
        let kernel = elf(2, &[LOAD, UNUSED]);
        let error = |elf: &[u8]| Bundle { name: "x", arguments: "", elf }.encode(&kernel).unwrap_err();
        assert_eq!(error(&elf(3, &[LOAD])), BundleError::NotStatic);
        assert_eq!(error(&elf(2, &[LOAD, INTERPRETER])), BundleError::NotStatic);
        assert_eq!(error(&elf(2, &[LOAD, DYNAMIC])), BundleError::NotStatic);
        assert_eq!(error(b"#!/bin/sh"), BundleError::NotElf);
        let whole = elf(2, &[LOAD]);
        for length in 0..PAGE + 16 {
            assert_eq!(error(&whole[..length]), BundleError::NotElf, "{length}");
        }
    }

    #[test]
    fn limits_are_said() {
        let (kernel, service) = (elf(2, &[LOAD, UNUSED]), elf(2, &[LOAD]));
        let arguments = "x".repeat(PAGE - HEADER - 1);
        assert!(Bundle { name: "x", arguments: &arguments, elf: &service }.encode(&kernel).is_ok());
        let error = Bundle { name: "xy", arguments: &arguments, elf: &service }.encode(&kernel).unwrap_err();
        assert_eq!(error, BundleError::TooLong);
        let error = Bundle { name: "x", arguments: "", elf: &service }.encode(&service).unwrap_err();
        assert_eq!(error, BundleError::NoPlace);
    }

    #[test]
    fn other_files_are_no_images() {
        assert_eq!(Bundle::decode(&elf(2, &[LOAD])), Err(BundleError::NotAnImage));
        assert_eq!(Bundle::decode(b"PK"), Err(BundleError::NotElf));
    }
}
