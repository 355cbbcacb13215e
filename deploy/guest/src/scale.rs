//! From ticks of a counter to nanoseconds.

/// How long a tick is: nanoseconds = ticks · factor / 2³².
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale(u64);

/// Nanoseconds of a second.
pub const SECOND: u64 = 1_000_000_000;

impl Scale {
    /// Of a counter that made `ticks` in `nanoseconds`.
    pub fn measured(ticks: u64, nanoseconds: u64) -> Option<Scale> {
        let factor = (u128::from(nanoseconds) << 32).checked_div(u128::from(ticks))?;
        u64::try_from(factor).ok().filter(|factor| *factor > 0).map(Scale)
    }

    /// As a kvm-clock states it: ticks are shifted left (or right), then multiplied.
    pub fn kvm(multiplier: u32, shift: i8) -> Scale {
        let multiplier = u64::from(multiplier);
        Scale(if shift >= 0 { multiplier << shift.min(31) } else { multiplier >> shift.unsigned_abs().min(31) })
    }

    /// How long `ticks` take.
    pub fn nanoseconds(self, ticks: u64) -> u64 {
        ((u128::from(ticks) * u128::from(self.0)) >> 32) as u64
    }

    /// How many ticks `nanoseconds` take, rounded up.
    pub fn ticks(self, nanoseconds: u64) -> u64 {
        let ticks = (u128::from(nanoseconds) << 32).div_ceil(u128::from(self.0));
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_a_second() {
        let scale = Scale::measured(30_000_000, 10_000_000).unwrap();
        let second = scale.nanoseconds(3 * SECOND);
        assert!((SECOND - 1..=SECOND).contains(&second));
        // And a year a year: nothing overflows, and the rounding does not add up to a second.
        let year = scale.nanoseconds(3 * SECOND * 86_400 * 365);
        assert!(year.abs_diff(SECOND * 86_400 * 365) < SECOND);
    }

    #[test]
    fn ticks_reach_at_least_as_far() {
        let scale = Scale::measured(62_500, 1_000_000).unwrap();
        for nanoseconds in [0, 1, 15, 16, 17, 999_999_999] {
            assert!(scale.nanoseconds(scale.ticks(nanoseconds)) + 1 >= nanoseconds);
        }
    }

    #[test]
    fn no_ticks_are_no_measurement() {
        assert_eq!(Scale::measured(0, 10), None);
        assert_eq!(Scale::measured(1 << 63, 1), None);
    }

    #[test]
    fn kvm_states_the_same() {
        // 2 GHz: half a nanosecond a tick.
        assert_eq!(Scale::kvm(1 << 31, 0).nanoseconds(2000), 1000);
        assert_eq!(Scale::kvm(1 << 31, 1).nanoseconds(1000), 1000);
        assert_eq!(Scale::kvm(1 << 31, -1).nanoseconds(4000), 1000);
    }
}
