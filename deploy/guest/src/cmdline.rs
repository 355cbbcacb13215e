//! The kernel command line, as operators of MirageOS write it: words between blanks; double quotes and backslashes keep
//! blanks inside a word. What is meant for the kernel, or comes from the virtual machine monitor, is sorted out.

use core::fmt;

/// How long a command line may be.
pub const LONGEST: usize = 8192;
/// How many words.
pub const MOST_WORDS: usize = 128;
/// How many devices the monitor may name.
pub const MOST_DEVICES: usize = 8;

/// Why a command line cannot be used. The operator is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CmdlineError {
    /// More than [`LONGEST`] octets.
    TooLong,
    /// More than [`MOST_WORDS`] words.
    TooManyWords,
    /// A quoted part does not end.
    Quote,
    /// A backslash with nothing behind it.
    Backslash,
    /// `virtio_mmio.device=` that is not SIZE@ADDRESS:INTERRUPT.
    Device,
}

impl fmt::Display for CmdlineError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CmdlineError::TooLong => write!(out, "the command line is longer than {LONGEST} octets"),
            CmdlineError::TooManyWords => write!(out, "the command line has more than {MOST_WORDS} arguments"),
            CmdlineError::Quote => out.write_str("the command line ends inside a quoted part: a \" is missing"),
            CmdlineError::Backslash => out.write_str("the command line ends with a backslash that escapes nothing"),
            CmdlineError::Device => out.write_str("virtio_mmio.device= is not followed by SIZE@ADDRESS:INTERRUPT"),
        }
    }
}

/// A device that the monitor named: `virtio_mmio.device=4K@0xd0000000:5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where its registers are.
    pub address: u64,
    /// The pin of the interrupt controller.
    pub interrupt: u32,
}

/// The words of a command line.
#[derive(Debug)]
pub struct Words {
    text: [u8; LONGEST],
    ends: [u16; MOST_WORDS],
    count: usize,
    devices: [Option<Device>; MOST_DEVICES],
}

impl Words {
    /// None yet.
    pub const fn new() -> Words {
        Words { text: [0; LONGEST], ends: [0; MOST_WORDS], count: 0, devices: [None; MOST_DEVICES] }
    }

    /// Reads a command line.
    pub fn parse(&mut self, line: &[u8]) -> Result<(), CmdlineError> {
        if line.len() > LONGEST {
            return Err(CmdlineError::TooLong);
        }
        let (mut octets, mut quoted, mut inside, mut at) = (line.iter(), false, false, self.used());
        while let Some(octet) = octets.next() {
            match octet {
                b' ' | b'\t' | b'\n' | b'\r' if !quoted => {
                    at = self.end(at, inside)?;
                    inside = false;
                    continue;
                }
                b'"' => quoted = !quoted,
                b'\\' => {
                    self.put(&mut at, *octets.next().ok_or(CmdlineError::Backslash)?)?;
                }
                other => self.put(&mut at, *other)?,
            }
            inside = true;
        }
        if quoted {
            return Err(CmdlineError::Quote);
        }
        self.end(at, inside).map(|_| ())
    }

    /// The words that are for the application.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> + Clone {
        (0..self.count).map(|index| &self.text[self.start(index)..usize::from(self.ends[index])])
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The devices that the monitor named.
    pub fn devices(&self) -> impl Iterator<Item = Device> + Clone {
        self.devices.iter().flatten().copied()
    }

    fn start(&self, index: usize) -> usize {
        if index == 0 { 0 } else { usize::from(self.ends[index - 1]) }
    }

    fn used(&self) -> usize {
        self.start(self.count)
    }

    fn put(&mut self, at: &mut usize, octet: u8) -> Result<(), CmdlineError> {
        *self.text.get_mut(*at).ok_or(CmdlineError::TooLong)? = octet;
        *at += 1;
        Ok(())
    }

    /// A word ends at `at`. Returns where the next one starts.
    fn end(&mut self, at: usize, inside: bool) -> Result<usize, CmdlineError> {
        if !inside {
            return Ok(at);
        }
        let start = self.used();
        if let Some(device) = self.text[start..at].strip_prefix(b"virtio_mmio.device=") {
            let device = parse_device(device).ok_or(CmdlineError::Device)?;
            *self.devices.iter_mut().find(|place| place.is_none()).ok_or(CmdlineError::Device)? = Some(device);
            return Ok(start);
        }
        *self.ends.get_mut(self.count).ok_or(CmdlineError::TooManyWords)? = at as u16;
        self.count += 1;
        Ok(at)
    }
}

/// SIZE@ADDRESS:INTERRUPT, and perhaps an id behind it.
fn parse_device(text: &[u8]) -> Option<Device> {
    let text = core::str::from_utf8(text).ok()?;
    let (_, rest) = text.split_once('@')?;
    let mut parts = rest.split(':');
    let address = parts.next()?;
    let address = match address.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => address.parse().ok()?,
    };
    Some(Device { address, interrupt: parts.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Result<Vec<String>, CmdlineError> {
        let mut words = Words::new();
        words.parse(line.as_bytes())?;
        Ok(words.iter().map(|word| String::from_utf8(word.to_vec()).unwrap()).collect())
    }

    #[test]
    fn blanks_separate() {
        assert_eq!(words("  --a=1 \t --b  2\n").unwrap(), ["--a=1", "--b", "2"]);
        assert_eq!(words("").unwrap(), [""; 0]);
    }

    #[test]
    fn quotes_and_backslashes_keep_blanks() {
        assert_eq!(
            words(r#"--hello="Hello, world" x\ y "\"" "" "#).unwrap(),
            ["--hello=Hello, world", "x y", "\"", ""]
        );
    }

    #[test]
    fn what_does_not_end_is_refused() {
        assert_eq!(words("--a \"b c"), Err(CmdlineError::Quote));
        assert_eq!(words("--a \\"), Err(CmdlineError::Backslash));
    }

    #[test]
    fn too_much_is_refused() {
        assert_eq!(words(&"x".repeat(LONGEST + 1)), Err(CmdlineError::TooLong));
        assert_eq!(words(&"x".repeat(LONGEST)).unwrap()[0].len(), LONGEST);
        assert_eq!(words(&"x ".repeat(MOST_WORDS + 1)), Err(CmdlineError::TooManyWords));
    }

    #[test]
    fn devices_are_for_the_kernel() {
        let mut parsed = Words::new();
        parsed.parse(b"--a virtio_mmio.device=4K@0xd0000000:5 --b virtio_mmio.device=512@4096:12:0").unwrap();
        assert_eq!(parsed.iter().collect::<Vec<_>>(), [b"--a", b"--b"]);
        let devices: Vec<Device> = parsed.devices().collect();
        assert_eq!(devices[0], Device { address: 0xd000_0000, interrupt: 5 });
        assert_eq!(devices[1], Device { address: 4096, interrupt: 12 });
        assert_eq!(words("virtio_mmio.device=here"), Err(CmdlineError::Device));
    }
}
