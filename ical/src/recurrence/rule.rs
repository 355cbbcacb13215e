//! RRULE as text (RFC 5545 section 3.3.10).
//!
//! Stricter than some: what has no meaning (COUNT with UNTIL, INTERVAL=0, a month 13) is refused. RSCALE is known for the Gregorian
//! calendar only, where SKIP=OMIT is what RFC 5545 says anyway (RFC 7529 section 4.1).

use crate::value::{self, Written};

/// A rule, its lists as sets of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub frequency: Frequency,
    /// Every how many periods.
    pub interval: u32,
    /// 0 for Monday.
    pub week_start: u32,
    pub end: RuleEnd,
    /// Bit 1 is January.
    pub months: u16,
    /// Bit 1 is the first of the month.
    pub month_days: u32,
    /// Bit 1 is the last of the month.
    pub last_month_days: u32,
    /// Bit 0 is Monday.
    pub weekdays: u8,
    /// `2TU`, `-1FR`.
    pub nth_weekdays: Box<[NthWeekday]>,
    pub year_days: Box<[i16]>,
    /// Bit 1 is the first week.
    pub weeks: u64,
    /// Bit 1 is the last week.
    pub last_weeks: u64,
    pub hours: u32,
    pub minutes: u64,
    pub seconds: u64,
    pub positions: Box<[i16]>,
}

/// What a period of a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// Where a rule ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleEnd {
    Never,
    Count(u32),
    Until(Written),
}

/// A weekday of a month or year: the first, the last but one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NthWeekday {
    pub nth: i16,
    /// 0 for Monday.
    pub weekday: u8,
}

/// Instances of a day at most; a rule that makes more is refused.
const MAX_TIMES_A_DAY: u32 = 1440;

impl Rule {
    /// Reads a rule; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Rule, String> {
        let mut rule = Rule::every(Frequency::Daily);
        let mut frequency = None;
        for part in text.split(';').map(str::trim_ascii).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("`{part}` is not NAME=VALUE"))?;
            match name.to_ascii_uppercase().as_str() {
                "FREQ" => frequency = Some(parse_frequency(value)?),
                name => rule.set(name, value)?,
            }
        }
        rule.frequency = frequency.ok_or("it has no FREQ")?;
        rule.check()?;
        Ok(rule)
    }

    /// One that says nothing but its frequency.
    fn every(frequency: Frequency) -> Rule {
        Rule {
            frequency,
            interval: 1,
            week_start: 0,
            end: RuleEnd::Never,
            months: 0,
            month_days: 0,
            last_month_days: 0,
            weekdays: 0,
            nth_weekdays: Box::default(),
            year_days: Box::default(),
            weeks: 0,
            last_weeks: 0,
            hours: 0,
            minutes: 0,
            seconds: 0,
            positions: Box::default(),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "INTERVAL" => self.interval = number(name, value, 1, 999_999_999)? as u32,
            "COUNT" => self.set_end(RuleEnd::Count(number(name, value, 1, 999_999_999)? as u32))?,
            "UNTIL" => {
                let until = value::parse_date_time(value).ok_or_else(|| format!("UNTIL={value} is not a date"))?;
                self.set_end(RuleEnd::Until(until))?;
            }
            "WKST" => {
                self.week_start = parse_weekday(value).ok_or_else(|| format!("WKST={value} is not a weekday"))?;
            }
            "BYMONTH" => self.months = bits(name, value, 1, 12)? as u16,
            "BYMONTHDAY" => {
                let (first, last) = signed_bits(name, value, 31)?;
                (self.month_days, self.last_month_days) = (first as u32, last as u32);
            }
            "BYWEEKNO" => (self.weeks, self.last_weeks) = signed_bits(name, value, 53)?,
            "BYDAY" => self.set_weekdays(value)?,
            "BYYEARDAY" => self.year_days = signed_list(name, value)?,
            "BYSETPOS" => self.positions = signed_list(name, value)?,
            "BYHOUR" => self.hours = bits(name, value, 0, 23)? as u32,
            "BYMINUTE" => self.minutes = bits(name, value, 0, 59)?,
            // A leap second counts as the one before it.
            "BYSECOND" => self.seconds = bits(name, value, 0, 60).map(|set| (set | (set >> 60) << 59) & !(1 << 60))?,
            "RSCALE" if value.eq_ignore_ascii_case("GREGORIAN") => {}
            "RSCALE" => return Err(format!("the calendar RSCALE={value} is not known here, only GREGORIAN is")),
            "SKIP" if value.eq_ignore_ascii_case("OMIT") => {}
            "SKIP" => return Err(format!("SKIP={value} is not known here, only OMIT is")),
            name if name.starts_with("X-") => {}
            name => return Err(format!("{name} is not a part of a rule")),
        }
        Ok(())
    }

    fn set_end(&mut self, end: RuleEnd) -> Result<(), String> {
        if self.end != RuleEnd::Never {
            return Err("it has more than one of COUNT and UNTIL".to_owned());
        }
        self.end = end;
        Ok(())
    }

    fn set_weekdays(&mut self, value: &str) -> Result<(), String> {
        let mut nth_weekdays = Vec::new();
        for item in value.split(',').map(str::trim_ascii).filter(|item| !item.is_empty()) {
            let bad = || format!("BYDAY={item} is not a weekday");
            let (nth, name) = item.split_at_checked(item.len().saturating_sub(2)).ok_or_else(bad)?;
            let weekday = parse_weekday(name).ok_or_else(bad)? as u8;
            match nth {
                "" => self.weekdays |= 1 << weekday,
                nth => nth_weekdays.push(NthWeekday { nth: signed("BYDAY", nth, 53)?, weekday }),
            }
        }
        nth_weekdays.sort_unstable();
        nth_weekdays.dedup();
        self.nth_weekdays = nth_weekdays.into();
        Ok(())
    }

    /// What cannot be seen from one part alone.
    fn check(&mut self) -> Result<(), String> {
        // Numbers of weekdays mean something in a month or year only; who sends them elsewhere means the weekday.
        if self.frequency < Frequency::Monthly || self.weeks | self.last_weeks != 0 {
            self.weekdays |= self.nth_weekdays.iter().fold(0, |set, nth| set | 1 << nth.weekday);
            self.nth_weekdays = Box::default();
        }
        // Every day that is one of these weekdays is the same said by weeks, which can be counted without looking at each day.
        let is_by_weekday = self.weekdays != 0 && self.interval == 1 && self.positions.is_empty();
        if self.frequency == Frequency::Daily && is_by_weekday {
            self.frequency = Frequency::Weekly;
        }
        let count = |set: u64| set.count_ones().max(1);
        let times = count(u64::from(self.hours)) * count(self.minutes) * count(self.seconds);
        if times > MAX_TIMES_A_DAY {
            return Err(format!("it recurs more than {MAX_TIMES_A_DAY} times a day"));
        }
        Ok(())
    }

    /// Whether it says on which days of its period.
    pub fn names_days(&self) -> bool {
        self.names_month_days() || self.weekdays != 0 || !self.nth_weekdays.is_empty() || !self.year_days.is_empty()
    }

    pub fn names_month_days(&self) -> bool {
        self.month_days | self.last_month_days != 0
    }

    pub fn names_weeks(&self) -> bool {
        self.weeks | self.last_weeks != 0
    }
}

fn parse_frequency(value: &str) -> Result<Frequency, String> {
    Ok(match value.to_ascii_uppercase().as_str() {
        "SECONDLY" => Frequency::Secondly,
        "MINUTELY" => Frequency::Minutely,
        "HOURLY" => Frequency::Hourly,
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        _ => return Err(format!("FREQ={value} is not a frequency")),
    })
}

fn parse_weekday(value: &str) -> Option<u32> {
    let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    names.iter().position(|name| value.trim_ascii().eq_ignore_ascii_case(name)).map(|at| at as u32)
}

fn number(name: &str, value: &str, least: u32, most: u32) -> Result<u64, String> {
    let number = value::digits(value.trim_ascii().as_bytes()).filter(|number| (least..=most).contains(number));
    number.map(u64::from).ok_or_else(|| format!("{name}={value} is not a number from {least} to {most}"))
}

/// `1` to `most` or `-1` to `-most`.
fn signed(name: &str, value: &str, most: u32) -> Result<i16, String> {
    let value = value.trim_ascii();
    let (sign, magnitude) = match value.as_bytes().first() {
        Some(b'-') => (-1, &value[1..]),
        Some(b'+') => (1, &value[1..]),
        _ => (1, value),
    };
    Ok(sign * number(name, magnitude, 1, most)? as i16)
}

fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim_ascii).filter(|item| !item.is_empty())
}

fn bits(name: &str, value: &str, least: u32, most: u32) -> Result<u64, String> {
    items(value).try_fold(0, |set, item| Ok(set | 1 << number(name, item, least, most)?))
}

/// Positive numbers and negated negative ones.
fn signed_bits(name: &str, value: &str, most: u32) -> Result<(u64, u64), String> {
    items(value).try_fold((0, 0), |(first, last), item| {
        Ok(match signed(name, item, most)? {
            number if number > 0 => (first | 1 << number, last),
            number => (first, last | 1 << -number),
        })
    })
}

fn signed_list(name: &str, value: &str) -> Result<Box<[i16]>, String> {
    let mut list = items(value).map(|item| signed(name, item, 366)).collect::<Result<Vec<_>, _>>()?;
    list.sort_unstable();
    list.dedup();
    Ok(list.into())
}
