use super::*;
use crate::value::{parse_date_time, print_date_time};

fn seconds(text: &str) -> i64 {
    parse_date_time(text).unwrap().digits()
}

fn utc(zone: &Zone, local: &str) -> String {
    print_date_time(zone.instant(seconds(local)))
}

const BERLIN: &str = "BEGIN:VTIMEZONE\r\nTZID:Home\r\n\
    BEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nDTSTART:19810329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n\
    BEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nDTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\n\
    END:VTIMEZONE\r\n";

#[test]
fn a_file_s_own_zone_and_the_database_agree() {
    let (own, known) = (Zone::of_vtimezone(BERLIN).unwrap(), Zone::named("Europe/Berlin").unwrap());
    assert_eq!((own.id(), known.id()), ("Home", "Europe/Berlin"));
    let mut local = seconds("19970101T000000");
    while local < seconds("20380101T000000") {
        assert_eq!(own.instant(local), known.instant(local), "{}", print_date_time(local));
        assert_eq!(own.local(local), known.local(local), "{}", print_date_time(local));
        local += 1800 * 31;
    }
    for local in ["21500701T120000", "99990701T120000", "99991231T235959"] {
        assert_eq!(utc(&own, local), utc(&known, local));
    }
}

#[test]
fn skipped_times_are_late_and_repeated_ones_are_early() {
    for zone in [Zone::of_vtimezone(BERLIN).unwrap(), Zone::named("Europe/Berlin").unwrap()] {
        assert_eq!(utc(&zone, "20260329T015959"), "20260329T005959");
        assert_eq!(utc(&zone, "20260329T023000"), "20260329T013000", "as if the clocks had not changed yet");
        assert_eq!(utc(&zone, "20260329T030000"), "20260329T010000");
        assert_eq!(utc(&zone, "20261025T023000"), "20261025T003000", "the first of two");
        assert_eq!(utc(&zone, "20261025T030000"), "20261025T020000");
        assert_eq!(print_date_time(zone.local(seconds("20261025T013000"))), "20261025T023000");
    }
}

#[test]
fn names_are_known_as_the_peers_write_them() {
    let summer = |name: &str| Zone::named(name).map(|zone| utc(&zone, "20260701T120000"));
    let is = |name: &str, expected: &str| assert_eq!(summer(name).as_deref(), Some(expected), "{name}");
    is("Europe/Berlin", "20260701T100000");
    is("/freeassociation.sourceforge.net/Europe/Berlin", "20260701T100000");
    is("/mozilla.org/20070129_1/America/New_York", "20260701T160000");
    is("W. Europe Standard Time", "20260701T100000");
    is("Pacific Standard Time", "20260701T190000");
    is("GMT", "20260701T120000");
    is("UTC+05:30", "20260701T063000");
    is("(UTC-03:00) Brasilia", "20260701T150000");
    is("GMT+0200", "20260701T100000");
    assert_eq!(summer("Customized Time Zone"), None);
    assert_eq!(summer(""), None);
}

#[test]
fn a_zone_may_have_dates_and_ends_instead_of_rules() {
    let text = "BEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nEND:STANDARD\n\
        BEGIN:DAYLIGHT\nDTSTART:20260401T020000\nRDATE:20270401T020000,20280401T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\n\
        BEGIN:STANDARD\nDTSTART:20261001T030000\nRRULE:FREQ=YEARLY;UNTIL=20271001T010000Z\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\n\
        END:VTIMEZONE";
    let zone = Zone::of_vtimezone(text).unwrap();
    assert_eq!(utc(&zone, "19600701T120000"), "19600701T120000");
    assert_eq!(utc(&zone, "20250701T120000"), "20250701T110000");
    for (local, expected) in
        [("20260701", "10"), ("20261101", "11"), ("20270701", "10"), ("20271101", "11"), ("30000101", "10")]
    {
        assert_eq!(utc(&zone, &format!("{local}T120000")), format!("{local}T{expected}0000"));
    }
}

#[test]
fn what_is_wrong_with_a_zone_is_said() {
    let says = |from: &str, to: &str, words: &str| {
        let error = Zone::of_vtimezone(&BERLIN.replace(from, to)).unwrap_err();
        assert!(error.contains(words), "{error}");
    };
    says("TZOFFSETTO:+0200\r\n", "", "TZOFFSETTO is missing");
    says("+0200", "two", "not an offset");
    says("FREQ=YEARLY", "FREQ=HOURLY", "changes");
    says("TZID:Home\r\n", "", "no TZID");
    says("VTIMEZONE", "VEVENT", "no VTIMEZONE");
    let calendar = Zone::of_vtimezone(&format!("BEGIN:VCALENDAR\r\n{BERLIN}END:VCALENDAR\r\n"));
    assert_eq!(calendar.unwrap().id(), "Home");
    let empty = Zone::of_vtimezone("BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nEND:VTIMEZONE").unwrap();
    assert_eq!(utc(&empty, "20260701T120000"), "20260701T100000", "taken by its name");
    let odd = Zone::of_vtimezone(&BERLIN.replace("-1SU", "0SU").replace("Home", "W. Europe Standard Time")).unwrap();
    assert_eq!(utc(&odd, "20260701T120000"), "20260701T100000", "its rule cannot be read, its name can");
}

#[test]
fn equal_zones_are_one_and_go_with_their_users() {
    let zones = Zones::new();
    let one = zones.named("Europe/Berlin").unwrap();
    let two = zones.clone().named("Europe/Berlin").unwrap();
    assert!(Arc::ptr_eq(&one, &two) && zones.count() == 1);
    drop((one, two));
    assert_eq!(zones.count(), 0);
}

#[test]
fn a_long_name_is_nobody_s() {
    let behind = |slashes: usize| Zone::named(&("/".repeat(slashes) + "Europe/Berlin"));
    assert!(behind(255 - "Europe/Berlin".len()).is_some());
    assert!(behind(256 - "Europe/Berlin".len()).is_none());
}
