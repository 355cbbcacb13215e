//! Whatever is sent, nothing panics and nothing takes long.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::filter::{CompFilter, CompTest, Filter, matches};
use crate::itip::{self, Answer, Draft, Instance};
use crate::select::{RecurrenceSelection, Selection, render};

/// Everything that can be asked of an object.
fn ask(text: String) {
    let Ok(object) = CalendarObject::parse(Bytes::from(text), &Zones::new()) else { return };
    let berlin = Zone::named("Europe/Berlin").unwrap();
    let march = range("20260301", "20260401");
    let _ = object.occurrences(&(i64::MIN..i64::MAX), &berlin, 50);
    windows_agree(&object, &march, &berlin);
    let alarms = vec![CompFilter::in_range("VALARM", march.clone())];
    let test = CompTest::Defined { time_range: Some(march.clone()), properties: Vec::new(), components: alarms };
    matches(&object, &Filter::of_component(CompFilter { name: object.kind().name().to_owned(), test }), &berlin);
    for recurrences in [RecurrenceSelection::Expand(march.clone()), RecurrenceSelection::Limit(march.clone())] {
        let _ = render(&object, &Selection { recurrences: Some(recurrences), ..Selection::default() }, &berlin);
    }
    let _ = crate::free_busy::busy([&object], &march, &berlin);
    let _ = crate::describe::change(None, Some(&object));
    let redacted = CalendarObject::parse(crate::redact::times_only(&object), &Zones::new());
    assert_eq!(redacted.map(|redacted| redacted.hull()), Ok(object.hull()));
    let identify = |address: &str| address.to_owned();
    let only_series = Draft::of(&object).only(&BTreeSet::from([Instance::All]));
    let _ = only_series.print("-//test//", None);
    let keys = object.overrides().iter().map(|one| Instance::One(one.key)).chain([Instance::All]);
    let answers: Vec<Answer> =
        keys.map(|instance| Answer { instance, partstat: "DECLINED".to_owned() }).take(3).collect();
    itip::reply(&object, &answers, "a", &identify, "-//test//", 0);
    itip::fingerprint(&object, "a", &identify);
}

/// A window shows what a larger one shows of it, and the hull covers both.
fn windows_agree(object: &CalendarObject, march: &Range<i64>, berlin: &Zone) {
    let around = range("20200101", "20300101");
    let (Ok(all), Ok(found)) = (object.occurrences(&around, berlin, 3000), object.occurrences(march, berlin, 3000))
    else {
        return;
    };
    let overlaps = |one: &&Occurrence| {
        let schedule = &object.parts()[one.component].schedule;
        occurrences::overlaps(schedule.basis, one, march)
    };
    assert_eq!(found, all.iter().filter(overlaps).cloned().collect::<Vec<_>>());
    let hull = object.hull();
    for one in &all {
        assert!(hull.start <= one.start && one.end <= hull.end, "{one:?} is outside {hull:?}");
    }
}

/// None of these takes more than a moment; a test that is slow here has found a way to keep a server busy.
#[test]
fn what_is_made_to_be_laborious_is_not() {
    let event = |lines: &str| format!("BEGIN:VEVENT\nUID:1\nDTSTART:20200101T100000Z\n{lines}\nEND:VEVENT\n");
    let calendar = |body: &str| ask(format!("BEGIN:VCALENDAR\n{body}END:VCALENDAR\n"));
    let day = |nth: usize| format!("{:04}{:02}{:02}", 2020 + nth / 336, 1 + nth / 28 % 12, 1 + nth % 28);
    let future = |nth: usize| {
        event("").replace("UID:1", &format!("UID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:{}T100000Z", day(nth)))
    };
    calendar(&(event("RRULE:FREQ=DAILY") + &(0..3000).map(future).collect::<String>()));
    let dates: Vec<String> = (0..20_000).map(day).collect();
    calendar(&event(&format!("RRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:{}", dates.join(","))));
    calendar(&event(&format!("RRULE:FREQ=DAILY\nRDATE;VALUE=DATE:{}", dates.join(","))));
    calendar(&event("RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\n".repeat(10).trim_end()));
    calendar(&event("RRULE:FREQ=MINUTELY;BYSETPOS=2\n".repeat(10).trim_end()));
    let every = |most: u32| (0..most).map(|one| one.to_string()).collect::<Vec<_>>().join(",");
    let alarm = "BEGIN:VALARM\nTRIGGER:-P3000000D\nREPEAT:2\nDURATION:PT1S\nEND:VALARM\n".repeat(20);
    calendar(&event(&format!("RRULE:FREQ=DAILY;BYHOUR={};BYMINUTE={}\n{}", every(24), every(60), alarm.trim_end())));
    let observance = "BEGIN:STANDARD\nDTSTART:21010601T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nRRULE:FREQ=MINUTELY;BYSETPOS=2\nEND:STANDARD\n";
    let zone = format!("BEGIN:VTIMEZONE\nTZID:X\n{}END:VTIMEZONE\n", observance.repeat(12));
    calendar(
        &(zone + &event("").replace("DTSTART:2020", "RRULE:FREQ=DAILY\nDTSTART;TZID=X:2150").replace("00Z", "00")),
    );
}

/// A part of a rule, mostly one that means something.
fn part() -> impl Strategy<Value = String> {
    let parts = vec![
        ("INTERVAL", 1..=20),
        ("COUNT", 1..=200),
        ("BYMONTH", 1..=12),
        ("BYMONTHDAY", -31..=31),
        ("BYYEARDAY", -366..=366),
        ("BYWEEKNO", -53..=53),
        ("BYHOUR", 0..=23),
        ("BYMINUTE", 0..=59),
        ("BYSECOND", 0..=60),
        ("BYSETPOS", -4..=4),
        ("INTERVAL", 999_999_998..=999_999_999),
    ];
    let listed = prop::sample::select(parts).prop_flat_map(|(name, range)| {
        let many = if name.starts_with("BY") { 1..4 } else { 1..2 };
        prop::collection::vec(range, many).prop_map(move |list| {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            format!("{name}={}", list.join(","))
        })
    });
    let by_day = (-5..6, prop::sample::select(vec!["MO", "TU", "SU"])).prop_map(|(nth, day)| match nth {
        0 => format!("BYDAY={day},WE"),
        nth => format!("BYDAY={nth}{day},FR"),
    });
    let until = time().prop_map(|time| format!("UNTIL={time}"));
    prop_oneof![5 => listed, 2 => by_day, 1 => until, 1 => Just("WKST=SU".to_owned())]
}

fn time() -> impl Strategy<Value = String> {
    let years = prop_oneof![1 => Just(0), 1 => Just(9999), 8 => 1990..2028];
    (years, 1..13, 1..29, 0..24)
        .prop_map(|(year, month, day, hour)| format!("{year:04}{month:02}{day:02}T{hour:02}3000"))
}

fn rule() -> impl Strategy<Value = String> {
    let frequency =
        prop::sample::select(vec!["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    (frequency, prop::collection::vec(part(), 0..4))
        .prop_map(|(frequency, parts)| format!("FREQ={frequency};{}", parts.join(";")))
}

/// A time as one of a zone, as floating, as UTC, or as a date.
fn said(name: &str, time: &str, clock: u8) -> String {
    match clock {
        0 => format!("{name};TZID=Europe/Berlin:{time}"),
        1 => format!("{name}:{time}"),
        2 => format!("{name}:{time}Z"),
        _ => format!("{name};VALUE=DATE:{}", &time[..8]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_rule_and_dates(rule in rule(), times in prop::collection::vec(time(), 4), clock in 0u8..4, length in "P[0-9]{1,2}[DW]|PT[0-9]{1,5}[MS]") {
        let say = |name: &str, nth: usize| said(name, &times[nth], clock);
        ask(format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{}\nDURATION:{length}\nRRULE:{rule}\n{}\n{}\n\
             BEGIN:VALARM\nTRIGGER;RELATED=END:-{length}\nREPEAT:9\nDURATION:{length}\nEND:VALARM\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:1\n{}\n{}\nDURATION:{length}\nEND:VEVENT\nEND:VCALENDAR\n",
            say("DTSTART", 0), say("RDATE", 1), say("EXDATE", 2), say("RECURRENCE-ID;RANGE=THISANDFUTURE", 3), say("DTSTART", 2),
        ));
    }

    #[test]
    fn any_rule_of_a_zone(rule in rule(), start in time(), from in "[+-][0-9]{4}", to in "[+-][0-9]{4}") {
        ask(format!(
            "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:{start}\nRRULE:{rule}\nTZOFFSETFROM:{from}\nTZOFFSETTO:{to}\n\
             END:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=X:21500304T100000\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n"
        ));
    }
}
