//! An LZ4 block: sequences of literals and of copies of what came before.

/// Unpacks `block`, which must fill `out` exactly.
pub fn unpack(block: &[u8], out: &mut [u8]) -> Option<()> {
    let (mut from, mut to) = (0usize, 0usize);
    loop {
        let token = *block.get(from)?;
        from += 1;
        let literals = length(block, &mut from, token >> 4)?;
        out.get_mut(to..to.checked_add(literals)?)?.copy_from_slice(block.get(from..from.checked_add(literals)?)?);
        (from, to) = (from + literals, to + literals);
        // The last sequence has literals only.
        if from == block.len() {
            return (to == out.len()).then_some(());
        }
        let distance = usize::from(*block.get(from)?) | usize::from(*block.get(from + 1)?) << 8;
        from += 2;
        let end = to.checked_add(length(block, &mut from, token & 15)?.checked_add(4)?)?;
        let source = to.checked_sub(distance).filter(|_| distance > 0 && end <= out.len())?;
        // A copy may reach into itself: then the same octets come again and again.
        while to < end {
            let part = (to - source).min(end - to);
            out.copy_within(source..source + part, to);
            to += part;
        }
    }
}

/// 15 goes on in the next octets, each of which is 255 but the last.
fn length(block: &[u8], from: &mut usize, first: u8) -> Option<usize> {
    let mut sum = usize::from(first);
    if first == 15 {
        loop {
            let next = *block.get(*from)?;
            *from += 1;
            sum = sum.checked_add(next.into())?;
            if next != 255 {
                break;
            }
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(block: &[u8], length: usize) -> Option<Vec<u8>> {
        let mut out = vec![0; length];
        unpack(block, &mut out).map(|()| out)
    }

    #[test]
    fn literals_and_copies() {
        assert_eq!(unpacked(b"\x30abc", 3).unwrap(), b"abc");
        // Two literals, seven octets from two before, one literal.
        assert_eq!(unpacked(b"\x23ab\x02\0\x10c", 10).unwrap(), b"ababababac");
        let long = [&b"\xf0\x01"[..], b"0123456789abcdef"].concat();
        assert_eq!(unpacked(&long, 16).unwrap(), b"0123456789abcdef");
    }

    #[test]
    fn nonsense_is_refused() {
        let good = b"\x23ab\x02\0\x10c";
        for cut in 0..good.len() {
            assert_eq!(unpacked(&good[..cut], 10), None, "{cut}");
        }
        assert_eq!(unpacked(good, 9), None);
        assert_eq!(unpacked(good, 11), None);
        assert_eq!(unpacked(b"\x23ab\x03\0\x10c", 10), None, "from before the start");
        assert_eq!(unpacked(b"\x23ab\0\0\x10c", 10), None, "from nowhere");
    }
}
