//! From the registers of a real-time clock (MC146818) to seconds since 1970.

/// The registers that say which second it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers {
    /// Second, minute, hour, day of the month, month, year of the century.
    pub digits: [u8; 6],
    /// Register B: how those are written.
    pub mode: u8,
}

const BINARY: u8 = 4;
const HOURS_24: u8 = 2;
const AFTERNOON: u8 = 0x80;

impl Registers {
    /// Seconds since 1970, for the years 2000 to 2099. `None` when the registers say nonsense.
    pub fn seconds(&self) -> Option<u64> {
        let number = |octet: u8| {
            let value = if self.mode & BINARY != 0 { octet } else { (octet >> 4) * 10 + (octet & 15) };
            u64::from(value)
        };
        let [second, minute, hour, day, month, year] = self.digits;
        let hour = match (self.mode & HOURS_24 != 0, hour & AFTERNOON != 0) {
            (true, _) => number(hour),
            (false, afternoon) => number(hour & !AFTERNOON) % 12 + if afternoon { 12 } else { 0 },
        };
        let (second, minute, day, month) = (number(second), number(minute), number(day), number(month));
        let sane = second < 60 && minute < 60 && hour < 24 && (1..=31).contains(&day) && (1..=12).contains(&month);
        sane.then(|| ((days(2000 + number(year), month, day) * 24 + hour) * 60 + minute) * 60 + second)
    }
}

/// Days since 1970-01-01 of a day of the Gregorian calendar.
fn days(year: u64, month: u64, day: u64) -> u64 {
    // A year that begins in March has its leap day last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_year = year * 365 + year / 4 - year / 100 + year / 400;
    let before_month = (153 * month + 2) / 5;
    before_year + before_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(digits: [u8; 6], mode: u8) -> Option<u64> {
        Registers { digits, mode }.seconds()
    }

    #[test]
    fn known_moments() {
        assert_eq!(seconds([0x00, 0x00, 0x00, 0x01, 0x01, 0x00], HOURS_24), Some(946_684_800));
        assert_eq!(seconds([0x59, 0x59, 0x23, 0x29, 0x02, 0x24], HOURS_24), Some(1_709_251_199));
        assert_eq!(seconds([59, 59, 23, 29, 2, 24], HOURS_24 | BINARY), Some(1_709_251_199));
        assert_eq!(seconds([0x24, 0x26, 0x15, 0x22, 0x11, 0x26], HOURS_24), Some(1_795_361_184));
    }

    #[test]
    fn twelve_hours() {
        let midnight = seconds([0, 0, 0x12, 1, 1, 0], 0);
        assert_eq!(midnight, Some(946_684_800));
        assert_eq!(seconds([0, 0, 0x92, 1, 1, 0], 0), midnight.map(|seconds| seconds + 12 * 3600));
        assert_eq!(seconds([0, 0, 0x81, 1, 1, 0], 0), midnight.map(|seconds| seconds + 13 * 3600));
    }

    #[test]
    fn nonsense() {
        assert_eq!(seconds([0xff; 6], HOURS_24), None);
        assert_eq!(seconds([0; 6], HOURS_24), None);
    }
}
