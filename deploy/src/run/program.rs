//! The service to run: one ELF that needs no other file.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;

use super::RunError;

const X86_64: u16 = 62;
const EXECUTABLE: u16 = 2;
const INTERPRETER: u32 = 3;
const PROGRAM_HEADER: usize = 56;

/// An opened ELF that may be executed without a file system.
#[derive(Debug)]
pub(super) struct Program(pub(super) OwnedFd);

impl Program {
    pub(super) fn open(path: &Path) -> Result<Program, RunError> {
        let failed = |reason: String| RunError::Program { path: path.to_owned(), reason };
        let mut file = File::open(path).map_err(|error| failed(error.to_string()))?;
        // Headers stand at the beginning of what any linker writes.
        let mut start = Vec::new();
        file.by_ref().take(64 * 1024).read_to_end(&mut start).map_err(|error| failed(error.to_string()))?;
        check(&start).map_err(|reason| failed(reason.to_owned()))?;
        Ok(Program(file.into()))
    }
}

/// Says what is wrong with an ELF, if something is.
fn check(start: &[u8]) -> Result<(), &'static str> {
    const TRUNCATED: &str = "the ELF is cut off";
    if !start.starts_with(b"\x7fELF") {
        return Err("it is not an ELF");
    }
    // 64 bits, little endian
    if start.get(4..6) != Some(&[2, 1]) || half(start, 18) != Some(X86_64) {
        return Err("the ELF is for another machine");
    }
    if half(start, 16).ok_or(TRUNCATED)? != EXECUTABLE {
        return Err("the ELF is not linked at a fixed address: see gitstead build");
    }
    let table = start.get(32..40).and_then(|octets| Some(u64::from_le_bytes(octets.try_into().ok()?)));
    let table = table.and_then(|offset| usize::try_from(offset).ok()).ok_or(TRUNCATED)?;
    let count = usize::from(half(start, 56).ok_or(TRUNCATED)?);
    let headers = table.checked_add(count * PROGRAM_HEADER).and_then(|end| start.get(table..end)).ok_or(TRUNCATED)?;
    let interpreted = |header: &[u8]| header.starts_with(&INTERPRETER.to_le_bytes());
    if headers.chunks(PROGRAM_HEADER).any(interpreted) {
        return Err("the ELF is not static, it asks for a loader: see gitstead build");
    }
    Ok(())
}

fn half(octets: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(octets.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF header with one program header of `kind`.
    fn elf(kind: u32) -> Vec<u8> {
        let mut elf = vec![0; 64 + PROGRAM_HEADER];
        elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
        elf[16] = EXECUTABLE as u8;
        elf[18] = X86_64 as u8;
        elf[32] = 64;
        elf[56] = 1;
        elf[64..68].copy_from_slice(&kind.to_le_bytes());
        elf
    }

    #[test]
    fn static_ones_and_others() {
        assert_eq!(check(&elf(1)), Ok(()));
        assert!(check(&elf(INTERPRETER)).unwrap_err().contains("not static"));
        assert!(check(b"#!/bin/sh\n").unwrap_err().contains("not an ELF"));
        let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(check(&this[..64 * 1024]).is_err(), "tests are linked dynamically");
    }

    #[test]
    fn every_cut_off_one_is_refused() {
        let elf = elf(1);
        for length in 0..elf.len() {
            assert!(check(&elf[..length]).is_err(), "{length}");
        }
        let mut far = elf.clone();
        far[32..40].fill(0xff);
        assert!(check(&far).is_err());
    }
}
