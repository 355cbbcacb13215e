use std::ops::ControlFlow;

use super::*;
use crate::recurrence::Steps;

const WEEK: (&str, &str) = ("20260323", "20260405");

#[test]
fn a_weekly_event_keeps_its_local_time() {
    let object = event(
        "DTSTART;TZID=Europe/Berlin:20160104T123000\nDTEND;TZID=Europe/Berlin:20160104T133000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE",
    );
    let found = occurrences(&object, WEEK.0, WEEK.1);
    assert_eq!(found[0], "20260323T113000/20260323T123000");
    assert_eq!(found[3], "20260401T103000/20260401T113000");
    assert_eq!((found.len(), object.hull().end), (4, i64::MAX));
}

#[test]
fn an_end_is_exact_and_a_duration_nominal() {
    let exact = event(
        "DTSTART;TZID=Europe/Berlin:20260327T120000\nDTEND;TZID=Europe/Berlin:20260328T120000\nRRULE:FREQ=DAILY;COUNT=3",
    );
    assert_eq!(occurrences(&exact, WEEK.0, WEEK.1)[1], "20260328T110000/20260329T110000");
    let nominal = event("DTSTART;TZID=Europe/Berlin:20260327T120000\nDURATION:P1D\nRRULE:FREQ=DAILY;COUNT=3");
    assert_eq!(occurrences(&nominal, WEEK.0, WEEK.1)[1], "20260328T110000/20260329T100000");
}

#[test]
fn whole_days_and_floating_times_are_those_of_the_reader() {
    let day = event("DTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260330\nRRULE:FREQ=YEARLY");
    assert_eq!(occurrences(&day, WEEK.0, WEEK.1), ["20260327T230000/20260329T220000"]);
    let floating = event("DTSTART:20260330T090000\nDURATION:PT1H");
    assert_eq!(occurrences(&floating, WEEK.0, WEEK.1), ["20260330T070000/20260330T080000"]);
    assert_eq!(occurrences(&event("DTSTART;VALUE=DATE:20260401"), WEEK.0, WEEK.1), ["20260331T220000/20260401T220000"]);
    assert_eq!(occurrences(&event("DTSTART:20260401T000000Z"), WEEK.0, WEEK.1), ["20260401T000000/20260401T000000"]);
}

#[test]
fn a_time_without_a_zone_ends_when_the_clock_says_so() {
    let night = event("DTSTART:20261024T220000\nDTEND:20261025T060000\nRRULE:FREQ=DAILY;COUNT=2");
    let expected = ["20261024T200000/20261025T050000", "20261025T210000/20261026T050000"];
    assert_eq!(occurrences(&night, "20261024", "20261028"), expected);
    let exact = event("DTSTART:20261024T220000\nDURATION:PT8H");
    assert_eq!(occurrences(&exact, "20261024", "20261028"), ["20261024T200000/20261025T040000"]);
    let period = event("DTSTART:20261001T220000\nRDATE;VALUE=PERIOD:20261024T220000/20261025T060000");
    assert_eq!(occurrences(&period, "20261024", "20261028"), ["20261024T200000/20261025T050000"]);
}

#[test]
fn a_zone_that_nobody_knows_is_that_of_the_reader() {
    let object = event("DTSTART;TZID=Somewhere:20260330T090000\nDURATION:PT1H");
    assert_eq!(occurrences(&object, WEEK.0, WEEK.1), ["20260330T070000/20260330T080000"]);
}

#[test]
fn a_range_takes_what_overlaps_it() {
    let object = event("DTSTART:20260330T100000Z\nDTEND:20260330T110000Z");
    for (from, to, count) in [
        ("20260330T110000", "20260330T120000", 0),
        ("20260330T105959", "20260330T120000", 1),
        ("20260330T090000", "20260330T100000", 0),
        ("20260330T090000", "20260330T100001", 1),
        ("20260330T101000", "20260330T102000", 1),
    ] {
        assert_eq!(occurrences(&object, from, to).len(), count, "{from} {to}");
    }
    let long = event("DTSTART:20260101T100000Z\nDURATION:P60D\nRRULE:FREQ=MONTHLY");
    assert_eq!(starts(&long, "20260531T110000", "20260601"), "20260501T100000", "an earlier one lasts until then");
    assert_eq!(starts(&long, "20260531T090000", "20260601"), "20260401T100000 20260501T100000");
}

#[test]
fn a_start_beside_the_rule_counts() {
    let object = event("DTSTART:20260324T100000Z\nRRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=3");
    assert_eq!(starts(&object, ALWAYS.0, ALWAYS.1), "20260324T100000 20260327T100000 20260403T100000");
}

#[test]
fn until_may_be_of_another_type() {
    let until = |start: &str, until: &str| {
        let object = event(&format!("DTSTART{start}\nRRULE:FREQ=DAILY;UNTIL={until}"));
        occurrences(&object, ALWAYS.0, ALWAYS.1).len()
    };
    assert_eq!(until(";TZID=Europe/Berlin:20260327T233000", "20260329T213000Z"), 3, "the last is just in time");
    assert_eq!(until(";TZID=Europe/Berlin:20260327T233000", "20260329T212959Z"), 2);
    assert_eq!(until(";TZID=Europe/Berlin:20260327T233000", "20260329"), 3, "a date ends with its day");
    assert_eq!(until(";TZID=Europe/Berlin:20260327T233000", "20260329T233000"), 3);
    assert_eq!(until(":20260327T233000", "20260329T233000Z"), 3, "digits, since neither has a zone");
    assert_eq!(until(";VALUE=DATE:20260327", "20260329"), 3);
    assert_eq!(until(";VALUE=DATE:20260327", "20260329T120000Z"), 3);
    assert_eq!(until(":20260327T233000Z", "20260101"), 1, "the start counts");
}

#[test]
fn dates_are_added_and_taken_away() {
    let object = event(
        "DTSTART;TZID=Europe/Berlin:20260323T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\n\
         RDATE;TZID=America/New_York:20260328T040000\nRDATE;VALUE=PERIOD:20260329T100000Z/PT3H,20260330T100000Z/20260330T103000Z\n\
         RDATE:20260323T080000Z\nEXDATE;TZID=America/New_York:20260324T040000\nEXDATE:20260325T080000Z\nEXDATE;VALUE=DATE:20260326",
    );
    let found = occurrences(&object, ALWAYS.0, ALWAYS.1);
    let expected = [
        "20260323T080000/20260323T090000",
        "20260327T080000/20260327T090000",
        "20260328T080000/20260328T090000",
        "20260329T100000/20260329T130000",
        "20260330T100000/20260330T103000",
    ];
    assert_eq!(found, expected);
}

#[test]
fn several_rules_make_one_set() {
    let object = event("DTSTART:20260323T090000Z\nRRULE:FREQ=DAILY;COUNT=3\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=3");
    assert_eq!(starts(&object, ALWAYS.0, ALWAYS.1), "20260323T090000 20260324T090000 20260325T090000 20260327T090000");
}

#[test]
fn a_set_may_be_empty() {
    let object = event("DTSTART:20260323T090000Z\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20260323T090000Z,20260324T090000Z");
    assert_eq!(starts(&object, ALWAYS.0, ALWAYS.1), "");
}

fn overridden(overrides: &[&str]) -> CalendarObject {
    let mut body = "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20260323T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=5\nEND:VEVENT\n".to_owned();
    for lines in overrides {
        body += &format!("BEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\n");
    }
    parse(&body).unwrap()
}

#[test]
fn an_override_takes_the_place_of_its_instance() {
    let object = overridden(&[
        "RECURRENCE-ID;TZID=Europe/Berlin:20260325T090000\nDTSTART:20260410T120000Z\nDTEND:20260410T140000Z",
    ]);
    assert_eq!(starts(&object, "20260325", "20260326"), "");
    assert_eq!(occurrences(&object, "20260410", "20260411"), ["20260410T120000/20260410T140000"]);
    let found = object.occurrences(&range("20260324", "20260411"), &Zone::utc(), 10).unwrap();
    let ids: Vec<String> = found.iter().map(|one| one.recurrence_id.unwrap().to_string()).collect();
    assert_eq!(ids, ["20260324T080000Z", "20260326T080000Z", "20260327T080000Z", "20260325T080000Z"]);
    assert_eq!(found.iter().map(|one| one.component).collect::<Vec<_>>(), [0, 0, 0, 1]);
    let in_utc = overridden(&["RECURRENCE-ID:20260325T080000Z\nDTSTART:20260410T120000Z"]);
    assert_eq!(starts(&in_utc, "20260325", "20260326"), "", "the same instance, said in UTC");
    let floating = overridden(&["RECURRENCE-ID:20260325T090000\nDTSTART:20260410T120000Z"]);
    assert_eq!(starts(&floating, "20260325", "20260326"), "", "and without a zone");
}

#[test]
fn an_override_may_be_of_all_later_instances() {
    let object = overridden(&[
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260325T090000\nDTSTART;TZID=Europe/Berlin:20260325T110000\nDURATION:PT2H",
        "RECURRENCE-ID;TZID=Europe/Berlin:20260326T090000\nDTSTART;TZID=Europe/Berlin:20260326T200000\nDURATION:PT3H",
    ]);
    let found = occurrences(&object, ALWAYS.0, ALWAYS.1);
    let expected = [
        "20260323T080000/20260323T090000",
        "20260324T080000/20260324T090000",
        "20260325T100000/20260325T120000",
        "20260326T190000/20260326T220000",
        "20260327T100000/20260327T120000",
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_override_may_stand_alone() {
    let object = event("RECURRENCE-ID:20260325T080000Z\nDTSTART:20260325T090000Z\nSUMMARY:Invited once");
    assert!(object.is_recurring() && object.components().master.is_none());
    assert_eq!(
        (starts(&object, WEEK.0, WEEK.1).as_str(), object.summary().as_deref()),
        ("20260325T090000", Some("Invited once"))
    );
}

#[test]
fn a_whole_day_is_overridden() {
    let object = parse(
        "BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20260323\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20260323\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;VALUE=DATE:20260324\nDTSTART;VALUE=DATE:20260328\nEND:VEVENT",
    )
    .unwrap();
    assert_eq!(starts(&object, ALWAYS.0, ALWAYS.1), "20260324T230000 20260327T230000");
}

#[test]
fn too_many_are_said_to_be_too_many() {
    let object = event("DTSTART:20260323T090000Z\nRRULE:FREQ=DAILY");
    let all = range(ALWAYS.0, ALWAYS.1);
    assert_eq!(object.occurrences(&all, &Zone::utc(), 1000), Err(TooMany));
    assert_eq!(object.occurrences(&range("20260401", "20260411"), &Zone::utc(), 10).map(|found| found.len()), Ok(10));
    let never = event("DTSTART:20260323T090000Z\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30");
    assert!(never.occurrences(&(i64::MIN..i64::MAX), &Zone::utc(), 10).is_ok_and(|found| found.len() == 1));
}

#[test]
fn all_rules_of_a_search_share_its_steps() {
    let never = |rules: usize| {
        event(&format!("DTSTART:20260323T090000Z{}", "\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30".repeat(rules)))
    };
    let all = i64::MIN..i64::MAX;
    assert_eq!(never(1).occurrences(&all, &Zone::utc(), 10).map(|found| found.len()), Ok(1));
    assert_eq!(never(4).occurrences(&all, &Zone::utc(), 10), Err(TooMany));
    let mut steps = Steps(1000);
    assert_eq!(
        never(1).visit_part(0, &all, &Zone::utc(), &mut steps, &mut |_| ControlFlow::Continue(())),
        Err(TooMany)
    );
    assert_eq!(steps, Steps(0));
}

#[test]
fn all_overrides_of_a_search_share_its_steps() {
    let future = |nth: usize| {
        let day = 1 + nth % 28;
        format!(
            "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;RANGE=THISANDFUTURE:2020{:02}{day:02}T{:02}0000Z\nDTSTART:20200101T100000Z\nEND:VEVENT\n",
            1 + nth / 28 % 12,
            nth / 336
        )
    };
    let rules = "RRULE:FREQ=MINUTELY;INTERVAL=2\n".repeat(10);
    let master = format!("BEGIN:VEVENT\nUID:1\nDTSTART:20200101T000000Z\n{rules}END:VEVENT\n");
    let object = parse((master + &(0..300).map(future).collect::<String>()).trim_end()).unwrap();
    let found = object.visit(&range("20200101", "20210101"), &Zone::utc(), &mut |_| ControlFlow::Continue(()));
    assert_eq!(found, Err(TooMany), "each of them has fewer steps to go than there are");
}

#[test]
fn an_hour_that_comes_twice_has_two_instances() {
    let dates = "DTSTART;TZID=Europe/Berlin:20261020T023000\nRDATE:20261025T013000Z,20261025T003000Z";
    assert_eq!(starts(&event(dates), ALWAYS.0, ALWAYS.1), "20261020T003000 20261025T003000 20261025T013000");
    let one = event(&format!("{dates}\nRRULE:FREQ=DAILY;COUNT=7\nEXDATE:20261025T003000Z"));
    assert_eq!(starts(&one, "20261025", "20261027"), "20261025T013000 20261026T013000");
}

#[test]
fn a_start_that_is_skipped_is_not_the_first() {
    let object = event("DTSTART;TZID=Europe/Berlin:20260329T023000\nRRULE:FREQ=MINUTELY;INTERVAL=30;COUNT=3");
    assert_eq!(starts(&object, ALWAYS.0, ALWAYS.1), "20260329T010000 20260329T013000");
}

#[test]
fn an_hourly_event_passes_a_change_of_clocks() {
    let object = event("DTSTART;TZID=Europe/Berlin:20260329T000000\nRRULE:FREQ=HOURLY;COUNT=5");
    assert_eq!(
        starts(&object, ALWAYS.0, ALWAYS.1),
        "20260328T230000 20260329T000000 20260329T010000 20260329T020000",
        "a local time that is skipped is an hour later, where the next one is (RFC 5545 section 3.3.5)"
    );
}

#[test]
fn the_ends_of_time_do_not_overflow() {
    for lines in [
        "DTSTART:99991231T235959Z\nDURATION:P9999W\nRRULE:FREQ=DAILY",
        "DTSTART;VALUE=DATE:00000101\nRRULE:FREQ=YEARLY;INTERVAL=999999999",
        "DTSTART;TZID=Europe/Berlin:99991231T235959\nRRULE:FREQ=WEEKLY;COUNT=5",
        "DTSTART;TZID=Pacific/Apia:00000101T000000\nDURATION:P10000W\nRRULE:FREQ=MONTHLY;COUNT=3",
    ] {
        let object = event(lines);
        let found = object.occurrences(&(i64::MIN..i64::MAX), &Zone::named("Asia/Tokyo").unwrap(), 10).unwrap();
        assert!(!found.is_empty(), "{lines}");
    }
}

#[test]
fn availability_does_not_recur_itself() {
    let odd = "DTSTART:40520210T090000Z\nDTEND:40520210T100000Z\nRDATE:20260305T090000Z";
    let object = parse(&format!("BEGIN:VAVAILABILITY\nUID:1\n{odd}\nEND:VAVAILABILITY")).unwrap();
    assert_eq!(starts(&object, ALWAYS.0, ALWAYS.1), "40520210T090000");
}

#[test]
fn a_to_do_is_when_it_is_due() {
    let todo = parse("BEGIN:VTODO\nUID:1\nDUE:20260330T100000Z\nRRULE:FREQ=DAILY\nEND:VTODO").unwrap();
    assert_eq!(starts(&todo, "20260401", "20260402"), "20260401T100000");
    assert_eq!(parse("BEGIN:VTODO\nUID:1\nEND:VTODO").unwrap().hull(), Hull::ALWAYS);
    assert_eq!(parse("BEGIN:VJOURNAL\nUID:1\nEND:VJOURNAL").unwrap().hull(), Hull::NEVER);
}
