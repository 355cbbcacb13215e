//! What a program finds on its stack when it starts (System V ABI, AMD64, 3.4.1): the number of arguments, pointers to
//! them, an empty environment, the auxiliary vector; above those what the pointers point to.

/// Program headers: where they are.
pub const PROGRAM_HEADERS: u64 = 3;
/// Octets of one program header.
pub const PROGRAM_HEADER_SIZE: u64 = 4;
/// How many program headers.
pub const PROGRAM_HEADER_COUNT: u64 = 5;
/// Octets of a page.
pub const PAGE_SIZE: u64 = 6;
/// Where the program starts.
pub const ENTRY: u64 = 9;
/// What the processor can do (CPUID 1, EDX).
pub const HARDWARE: u64 = 16;
/// Whether to distrust the environment.
pub const SECURE: u64 = 23;
const RANDOM: u64 = 25;
const EXECUTABLE: u64 = 31;

/// Fills the end of `buffer` (whose length and `top` are multiples of 16) with what is to lie just below `top`. Returns
/// the stack pointer; `None` if `buffer` is too short.
pub fn build<'a>(
    buffer: &mut [u8],
    top: u64,
    arguments: impl Iterator<Item = &'a [u8]> + Clone,
    auxiliary: &[(u64, u64)],
    random: [u8; 16],
) -> Option<u64> {
    let bottom = top - buffer.len() as u64;
    let mut at = buffer.len();
    put(buffer, &mut at, &random)?;
    let random = bottom + at as u64;
    let count = arguments.clone().count();
    let strings: usize = arguments.clone().map(|argument| argument.len() + 1).sum();
    let mut string = at.checked_sub(strings)?;
    // Number, pointers and their end, the environment's end, the vector with two more entries and its end.
    let longs = 1 + count + 1 + 1 + 2 * (auxiliary.len() + 3);
    let pointer = string.checked_sub(8 * longs)? & !15;
    let mut next = pointer;
    let mut long = |buffer: &mut [u8], value: u64| {
        buffer[next..next + 8].copy_from_slice(&value.to_le_bytes());
        next += 8;
    };
    long(buffer, count as u64);
    let first = bottom + string as u64;
    for argument in arguments {
        long(buffer, bottom + string as u64);
        buffer[string..string + argument.len()].copy_from_slice(argument);
        buffer[string + argument.len()] = 0;
        string += argument.len() + 1;
    }
    long(buffer, 0);
    long(buffer, 0);
    for (key, value) in auxiliary.iter().copied().chain([(RANDOM, random), (EXECUTABLE, first), (0, 0)]) {
        long(buffer, key);
        long(buffer, value);
    }
    Some(bottom + pointer as u64)
}

fn put(buffer: &mut [u8], at: &mut usize, octets: &[u8]) -> Option<()> {
    *at = at.checked_sub(octets.len())?;
    buffer[*at..*at + octets.len()].copy_from_slice(octets);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: u64 = 0x7000_0000;

    fn long(buffer: &[u8], address: u64) -> u64 {
        let at = (address - (TOP - buffer.len() as u64)) as usize;
        u64::from_le_bytes(buffer[at..at + 8].try_into().unwrap())
    }

    fn string(buffer: &[u8], address: u64) -> &[u8] {
        let at = (address - (TOP - buffer.len() as u64)) as usize;
        buffer[at..].split(|octet| *octet == 0).next().unwrap()
    }

    #[test]
    fn a_program_finds_its_arguments() {
        for count in 0..4 {
            let mut buffer = [0xff; 512];
            let arguments = [&b"name"[..], b"--a", b""];
            let arguments = arguments[..count].iter().copied();
            let pointer = build(&mut buffer, TOP, arguments, &[(PAGE_SIZE, 4096)], [7; 16]).unwrap();
            assert_eq!(pointer % 16, 0);
            assert_eq!(long(&buffer, pointer), count as u64);
            for (index, expected) in [&b"name"[..], b"--a", b""][..count].iter().enumerate() {
                assert_eq!(string(&buffer, long(&buffer, pointer + 8 + 8 * index as u64)), *expected);
            }
            let after = pointer + 8 + 8 * count as u64;
            assert_eq!((long(&buffer, after), long(&buffer, after + 8)), (0, 0));
            assert_eq!((long(&buffer, after + 16), long(&buffer, after + 24)), (PAGE_SIZE, 4096));
            assert_eq!(long(&buffer, after + 32), RANDOM);
            assert_eq!(long(&buffer, long(&buffer, after + 40)), 0x0707_0707_0707_0707);
            assert_eq!((long(&buffer, after + 64), long(&buffer, after + 72)), (0, 0));
        }
    }

    #[test]
    fn a_buffer_that_is_too_short_is_said() {
        let arguments = [&[b'x'; 100][..]];
        for length in 0..197 {
            assert_eq!(build(&mut vec![0; length], TOP, arguments.iter().copied(), &[], [0; 16]), None, "{length}");
        }
    }
}
