//! Made-up events that recur.

use e2e::random::Random;

/// What the digits of a time mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
    Date,
    Floating,
    Utc,
    Zone(&'static str),
}

const CLOCKS: [(usize, Clock); 6] = [
    (2, Clock::Date),
    (1, Clock::Floating),
    (1, Clock::Utc),
    (4, Clock::Zone("Europe/Berlin")),
    (2, Clock::Zone("America/New_York")),
    (2, Clock::Zone("Own")),
];

const OWN_ZONE: &str = "BEGIN:VTIMEZONE\r\nTZID:Own\r\n\
    BEGIN:DAYLIGHT\r\nDTSTART:20000402T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU\r\nTZOFFSETFROM:-0330\r\nTZOFFSETTO:-0230\r\nEND:DAYLIGHT\r\n\
    BEGIN:STANDARD\r\nDTSTART:20001029T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZOFFSETFROM:-0230\r\nTZOFFSETTO:-0330\r\nEND:STANDARD\r\n\
    END:VTIMEZONE\r\n";

/// An event while it is made up.
struct Event {
    clock: Clock,
    /// Days since 2020-01-01.
    day: i64,
    minute: usize,
}

/// A calendar with one event that recurs, and perhaps overrides.
pub fn calendar(random: &mut Random) -> String {
    let clock = random.weighted(&CLOCKS);
    let night = if random.chance(20) { 0 } else { 360 };
    let event = Event { clock, day: random.below(2000) as i64, minute: night + 15 * random.below(48) };
    let zone = if clock == Clock::Zone("Own") { OWN_ZONE } else { "" };
    let (rule, step) = rule(random, &event);
    let mut lines = vec![event.line("DTSTART", event.day, event.minute), length(random, &event), rule];
    for _ in 0..random.below(3) {
        lines.push(event.line("EXDATE", event.day + step * random.below(700) as i64, event.minute));
    }
    if random.chance(20) {
        lines.push(event.line("RDATE", event.day + random.below(2500) as i64, event.minute));
    }
    let mut components = component(&lines);
    // The instances of a rule with a step are known; others would be overridden where they are not.
    if step > 0 && !lines[2].contains("COUNT") && random.chance(40) {
        let nth = event.day + step * (900 + random.below(900) as i64) / step;
        let nth = nth - (nth - event.day) % step;
        let id = event.line("RECURRENCE-ID", nth, event.minute);
        if !lines.iter().any(|line| line.split(':').next_back() == id.split(':').next_back()) {
            let moved = event.line("DTSTART", nth + random.below(5) as i64 - 2, 600);
            components += &component(&[id, moved, length(random, &event)]);
        }
    }
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//e2e//\r\n{zone}{components}END:VCALENDAR\r\n")
}

fn component(lines: &[String]) -> String {
    format!("BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20200101T000000Z\r\n{}\r\nEND:VEVENT\r\n", lines.join("\r\n"))
}

impl Event {
    fn line(&self, name: &str, day: i64, minute: usize) -> String {
        let (date, time) = (date(day), format!("T{:02}{:02}00", minute / 60, minute % 60));
        match self.clock {
            Clock::Date => format!("{name};VALUE=DATE:{date}"),
            Clock::Floating => format!("{name}:{date}{time}"),
            Clock::Utc => format!("{name}:{date}{time}Z"),
            Clock::Zone(zone) => format!("{name};TZID={zone}:{date}{time}"),
        }
    }
}

fn length(random: &mut Random, event: &Event) -> String {
    match event.clock {
        Clock::Date => format!("DURATION:P{}D", 1 + random.below(4)),
        _ => format!("DURATION:{}", random.pick(&["PT15M", "PT1H", "PT3H", "P1D", "P2DT3H", "P1W"])),
    }
}

/// A rule, and after how many days it comes again; 0 where that is not so simple.
fn rule(random: &mut Random, event: &Event) -> (String, i64) {
    let interval = 1 + random.below(4);
    let (parts, step) = match random.below(20) {
        0 | 1 => ("FREQ=DAILY".to_owned(), 1),
        2 => (format!("FREQ=DAILY;BYMONTH={},{}", 1 + random.below(6), 7 + random.below(6)), 0),
        3 | 4 => ("FREQ=WEEKLY".to_owned(), 7),
        5 => (format!("FREQ=WEEKLY;WKST={};BYDAY={}", random.pick(&WEEKDAYS), weekdays(random)), 0),
        6 => (format!("FREQ=MONTHLY;BYMONTHDAY={},-{}", 1 + random.below(31), 1 + random.below(5)), 0),
        7 => (format!("FREQ=MONTHLY;BYDAY={}{}", random.pick(&["1", "2", "-1", "5"]), random.pick(&WEEKDAYS)), 0),
        8 => (format!("FREQ=MONTHLY;BYDAY={};BYSETPOS={}", weekdays(random), random.pick(&["1", "-1", "2,-2"])), 0),
        9 => ("FREQ=MONTHLY".to_owned(), 0),
        10 => ("FREQ=YEARLY".to_owned(), 0),
        11 => (format!("FREQ=YEARLY;BYMONTH=3,11;BYDAY={}{}", random.pick(&["1", "-1"]), random.pick(&WEEKDAYS)), 0),
        12 => {
            let week = 1 + random.below(53);
            (
                format!(
                    "FREQ=YEARLY;WKST={};BYWEEKNO={week},-{};BYDAY={}",
                    random.pick(&["MO", "SU"]),
                    1 + random.below(4),
                    weekdays(random)
                ),
                0,
            )
        }
        13 => (format!("FREQ=YEARLY;BYMONTHDAY={}", 1 + random.below(31)), 0),
        14 => (format!("FREQ=YEARLY;BYDAY={}{}", random.pick(&["20", "-10", "53"]), random.pick(&WEEKDAYS)), 0),
        15 => (format!("FREQ=DAILY;BYDAY={};BYMONTHDAY=-{}", weekdays(random), 1 + random.below(31)), 0),
        16 => (format!("FREQ=WEEKLY;BYMONTH={};BYDAY={}", 1 + random.below(12), weekdays(random)), 0),
        17 => (format!("FREQ=MONTHLY;BYDAY={};BYMONTHDAY=8,9,10,11,12,13", random.pick(&WEEKDAYS)), 0),
        18 => (format!("FREQ=YEARLY;BYMONTH={};BYDAY={};BYSETPOS=2,-1", 1 + random.below(12), weekdays(random)), 0),
        _ => (format!("FREQ=YEARLY;BYYEARDAY={},-{}", 1 + random.below(366), 1 + random.below(366)), 0),
    };
    let times = if event.clock != Clock::Date && random.chance(10) { ";BYHOUR=9,17;BYMINUTE=0,30" } else { "" };
    let is_simple = !parts.contains("BY") && times.is_empty();
    let end = match random.below(4) {
        0 if is_simple => format!(";COUNT={}", 1 + random.below(900)),
        1 => format!(";UNTIL={}", until(random, event)),
        _ => String::new(),
    };
    let step = if times.is_empty() { step * interval as i64 } else { 0 };
    (format!("RRULE:{parts};INTERVAL={interval}{times}{end}"), step)
}

fn until(random: &mut Random, event: &Event) -> String {
    let date = date(event.day + 100 + random.below(3000) as i64);
    match event.clock {
        Clock::Date => date,
        Clock::Floating => format!("{date}T120000"),
        Clock::Utc | Clock::Zone(_) => format!("{date}T120000Z"),
    }
}

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

fn weekdays(random: &mut Random) -> String {
    let chosen: Vec<&str> = WEEKDAYS.into_iter().filter(|_| random.chance(35)).collect();
    if chosen.is_empty() { "WE".to_owned() } else { chosen.join(",") }
}

/// A day since 2020-01-01 as a DATE.
fn date(day: i64) -> String {
    let (mut year, mut left) = (2020, day);
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while left >= 365 + i64::from(is_leap(year)) {
        left -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + i64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        (left, month) = (left - length, month + 1);
    }
    format!("{year:04}{month:02}{:02}", left + 1)
}
