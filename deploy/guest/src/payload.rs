//! What `gitstead image` puts behind the kernel: a page that says what follows, and the application's ELF file, packed.
//!
//! Numbers are little endian: the magic (8 octets), length of the ELF file (8), of the program's name (4), of the
//! default command line (4), of the packed file (8); then name and command line. The packed file starts on the next
//! page.

use crate::paging::PAGE;

/// Where the payload lies in physical memory.
pub const ADDRESS: u64 = 0x20_0000;
/// How a payload begins.
pub const MAGIC: [u8; 8] = *b"gitstead";

const HEADER: usize = 32;

/// The parts of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload<'a> {
    /// What the program is called.
    pub name: &'a [u8],
    /// Its arguments, when the machine is started without any.
    pub cmdline: &'a [u8],
    /// How long its ELF file is.
    pub elf_length: u64,
    /// How long that is as it lies here, a page behind the start of the payload.
    pub packed_length: u64,
}

impl<'a> Payload<'a> {
    /// Reads the first page of a payload.
    pub fn decode(page: &'a [u8; PAGE as usize]) -> Option<Payload<'a>> {
        let number = |at: usize| page[at..at + 4].iter().rev().fold(0u32, |sum, octet| sum << 8 | u32::from(*octet));
        if page[..8] != MAGIC {
            return None;
        }
        let length = |at| u64::from(number(at + 4)) << 32 | u64::from(number(at));
        let (elf_length, packed_length) = (length(8), length(24));
        let name = page.get(HEADER..HEADER.checked_add(number(16) as usize)?)?;
        let rest = HEADER + name.len();
        let cmdline = page.get(rest..rest.checked_add(number(20) as usize)?)?;
        Some(Payload { name, cmdline, elf_length, packed_length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &[u8], cmdline: &[u8], claimed: u32) -> [u8; PAGE as usize] {
        let mut page = [0; PAGE as usize];
        page[..8].copy_from_slice(&MAGIC);
        page[8..16].copy_from_slice(&0x1_0000_0002u64.to_le_bytes());
        page[16..20].copy_from_slice(&(name.len() as u32).to_le_bytes());
        page[20..24].copy_from_slice(&claimed.to_le_bytes());
        page[24..32].copy_from_slice(&3u64.to_le_bytes());
        page[32..32 + name.len()].copy_from_slice(name);
        page[32 + name.len()..][..cmdline.len()].copy_from_slice(cmdline);
        page
    }

    #[test]
    fn parts_are_found() {
        let page = page(b"dns", b"--x", 3);
        let payload = Payload::decode(&page).unwrap();
        assert_eq!((payload.name, payload.cmdline), (&b"dns"[..], &b"--x"[..]));
        assert_eq!((payload.packed_length, payload.elf_length), (3, 0x1_0000_0002));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(Payload::decode(&[0; PAGE as usize]), None);
        assert_eq!(Payload::decode(&page(b"dns", b"", 4096)), None);
        assert_eq!(Payload::decode(&page(b"dns", b"", u32::MAX)), None);
    }
}
