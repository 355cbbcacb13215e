//! Messages and what they change, without anybody who sends them.

use std::collections::BTreeSet;

use super::*;
use crate::zone::Zones;

const BERLIN: &str =
    "DTSTART;TZID=Europe/Berlin:20260302T120000\nDTEND;TZID=Europe/Berlin:20260302T130000\nRRULE:FREQ=WEEKLY\n";
const BOB: &str = "ATTENDEE:mailto:bob@example.org\n";
const CAROL: &str = "ATTENDEE:mailto:carol@example.org\n";

fn object(lines: &str) -> CalendarObject {
    let text = format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nSUMMARY:Lunch\nORGANIZER:mailto:alice@example.org\n{lines}END:VEVENT\nEND:VCALENDAR\n"
    );
    CalendarObject::parse(text.into(), &Zones::new()).unwrap()
}

/// Who has an address: what stands before the `@`.
fn name(address: &str) -> String {
    let address = address.to_ascii_lowercase();
    address.trim_start_matches("mailto:").split('@').next().unwrap_or_default().to_owned()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap().replace("\r\n", "\n").replace("\n ", "")
}

/// 2026-04-06 12:00 in Berlin, after the clocks have changed.
const IN_SUMMER: Instance = Instance::One(1_775_469_600);

fn declined(instance: Instance) -> [Answer; 1] {
    [Answer { instance, partstat: "DECLINED".to_owned() }]
}

#[test]
fn an_instance_gets_a_component_of_its_own_at_its_local_time() {
    let answered =
        answered(&object(&format!("{BERLIN}{BOB}{CAROL}")), &declined(IN_SUMMER), "bob", Some("2.0"), &name).unwrap();
    let text = text(&answered);
    let instance = text.rsplit_once("BEGIN:VEVENT").unwrap().1;
    assert!(instance.contains("RECURRENCE-ID;TZID=Europe/Berlin:20260406T120000\n"), "{instance}");
    assert!(
        instance.contains("DTEND;TZID=Europe/Berlin:20260406T130000\n") && !instance.contains("RRULE"),
        "{instance}"
    );
    assert!(instance.contains("ATTENDEE;PARTSTAT=DECLINED;SCHEDULE-STATUS=2.0:mailto:bob@example.org"), "{instance}");
    assert_eq!(text.matches("PARTSTAT").count(), 1, "carol has answered nothing, and bob nothing for the others");
    assert!(CalendarObject::parse(answered, &Zones::new()).is_ok());
}

#[test]
fn an_instance_that_is_none_gets_nothing() {
    let event = object(&format!("{BERLIN}EXDATE;TZID=Europe/Berlin:20260406T120000\n{BOB}"));
    for instance in
        [IN_SUMMER, Instance::One(1_775_469_601), Instance::One(253_402_300_799), Instance::One(-62_135_596_800)]
    {
        assert_eq!(answered(&event, &declined(instance), "bob", None, &name), None, "{instance:?}");
    }
    assert_eq!(answered(&event, &declined(Instance::All), "eve", None, &name), None, "eve is not invited");
}

#[test]
fn a_whole_day_is_answered() {
    let event = object(&format!("DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260304\nRRULE:FREQ=WEEKLY\n{BOB}"));
    let on_the_ninth = Instance::One(1_773_014_400);
    let text = text(&answered(&event, &declined(on_the_ninth), "bob", None, &name).unwrap());
    for line in ["RECURRENCE-ID;VALUE=DATE:20260309\n", "DTSTART;VALUE=DATE:20260309\n", "DTEND;VALUE=DATE:20260311\n"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn a_message_answers_for_a_to_do_that_is_only_due() {
    let lines =
        format!("DUE;TZID=Europe/Berlin:20260302T120000\nRRULE:FREQ=WEEKLY\nORGANIZER:mailto:alice@example.org\n{BOB}");
    let todo = format!("BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\n{lines}END:VTODO\nEND:VCALENDAR\n");
    let todo = CalendarObject::parse(todo.into(), &Zones::new()).unwrap();
    let reply = text(&reply(&todo, &declined(IN_SUMMER), "bob", &name, "-//test//", 0));
    for line in ["DUE;TZID=Europe/Berlin:20260406T120000\n", "RECURRENCE-ID;TZID=Europe/Berlin:20260406T120000\n"] {
        assert!(reply.contains(line), "{reply}");
        assert!(text(&answered(&todo, &declined(IN_SUMMER), "bob", None, &name).unwrap()).contains(line));
    }
}

/// The days of an instance and of one a week later that are taken away.
fn without_days(count: usize) -> String {
    let day = |nth: usize| format!("{:04}{:02}{:02}T120000", 2027 + nth / 336, 1 + nth / 28 % 12, 1 + nth % 28);
    format!("EXDATE;TZID=Europe/Berlin:{}\n", (0..count).map(day).collect::<Vec<_>>().join(","))
}

#[test]
fn a_hundred_instances_are_answered_one_by_one_at_most() {
    let daily = BERLIN.replace("WEEKLY", "DAILY");
    let event = object(&format!("{daily}{BOB}"));
    let gone =
        |days: usize| answers(Some(&event), &object(&format!("{daily}{}{BOB}", without_days(days))), "bob", &name);
    assert_eq!((gone(100).len(), gone(101).len()), (100, 101));
    let with = |event: &CalendarObject, days: usize| try_answered(event, &gone(days), "bob", None, &name);
    let octets = with(&event, 100).unwrap().unwrap();
    assert_eq!(CalendarObject::parse(octets, &Zones::new()).unwrap().component_count(), 101);
    assert_eq!(with(&event, 101), Err(TooManyAnswers));
    assert_eq!(answered(&event, &gone(101), "bob", None, &name), None);
    let whole = [Answer { instance: Instance::All, partstat: "DECLINED".to_owned() }];
    let all = [&whole[..], &gone(200)].concat();
    let octets = try_answered(&event, &all, "bob", None, &name).unwrap().unwrap();
    assert!(!text(&octets).contains("RECURRENCE-ID"), "what follows the series is declined with it");
    let large = object(&format!("{daily}{BOB}LOCATION:{}\n", "x".repeat(1 << 20)));
    assert!(with(&large, 5).is_ok() && with(&large, 12) == Err(TooManyAnswers), "no object is that large");
    let long = object(&format!("{daily}{BOB}{}", "X:1\n".repeat(20_000)));
    assert!(with(&long, 5).is_ok() && with(&long, 12) == Err(TooManyAnswers), "no object has that many lines");
    let again = text(&reply(&large, &gone(100), "bob", &name, "-//test//", 0));
    assert!(again.len() < 2 << 20, "a message is not as large as all of them");
}

#[test]
fn instances_of_ones_own_do_not_multiply_what_is_large() {
    let sent = Draft::of(&object(&format!("{BERLIN}{BOB}LOCATION:{}\n", "x".repeat(1 << 20))));
    let own = |nth: usize| {
        let day = 2 + 7 * nth;
        format!(
            "END:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:202603{day:02}T110000Z\nDTSTART:202603{day:02}T110000Z\n"
        )
    };
    let copy = Draft::of(&object(&format!("{BERLIN}{BOB}{}", (0..5).map(own).collect::<String>())));
    let kept = Kept { copy: &copy, sent: Some(&sent), who: "bob", rescheduled: &BTreeSet::new() };
    assert_eq!(sent.clone().keeping(kept, &name).instances().len(), 4, "the series and three instances");
}

#[test]
fn a_long_answer_is_none() {
    let event = object(&format!("{BERLIN}ATTENDEE;PARTSTAT={}:mailto:bob@example.org\n", "X".repeat(65)));
    assert_eq!(partstat(&event, Instance::All, "bob", &name).as_deref(), Some("NEEDS-ACTION"));
}

#[test]
fn a_component_that_many_follow_is_looked_at_once() {
    let people: String = (0..20).map(|nth| format!("ATTENDEE:mailto:{nth}@example.org\n")).collect();
    let one = |nth: usize| {
        format!(
            "END:VEVENT\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:{}T110000Z\nDTSTART:20260302T110000Z\n",
            20_260_301 + nth
        )
    };
    let event = object(&format!("{BERLIN}{BOB}{people}{}", (0..20).map(one).collect::<String>()));
    let asked = std::cell::Cell::new(0);
    let counted = |address: &str| {
        asked.set(asked.get() + 1);
        name(address)
    };
    fingerprint(&event, "bob", &counted);
    assert!(asked.take() <= 30, "{asked:?}");
    let after = object(&format!("{BERLIN}{}{people}{BOB}", without_days(1000)));
    assert_eq!(answers(Some(&event), &after, "bob", &counted).len(), 1000);
    assert!(asked.take() <= 50, "{asked:?}");
}

#[test]
fn the_series_is_declined_and_one_instance_is_not() {
    let accepted = |lines: &str| format!("{lines}ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.org\n");
    let before = object(&accepted(BERLIN));
    let own = "UID:1\nRECURRENCE-ID;TZID=Europe/Berlin:20260406T120000\nDTSTART;TZID=Europe/Berlin:20260406T120000\n";
    let own = accepted(&format!("END:VEVENT\nBEGIN:VEVENT\n{own}ORGANIZER:mailto:alice@example.org\n"));
    let after = object(&format!("{BERLIN}ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.org\n{own}"));
    let answers = answers(Some(&before), &after, "bob", &name);
    let said: Vec<(Instance, &str)> =
        answers.iter().map(|answer| (answer.instance, answer.partstat.as_str())).collect();
    assert_eq!(said, [(Instance::All, "DECLINED"), (IN_SUMMER, "ACCEPTED")]);
    let event = answered(&before, &answers, "bob", None, &name).unwrap();
    let event = CalendarObject::parse(event, &Zones::new()).unwrap();
    let said = |instance| partstat(&event, instance, "bob", &name);
    assert_eq!((said(Instance::All).as_deref(), said(IN_SUMMER).as_deref()), (Some("DECLINED"), Some("ACCEPTED")));
}

/// From 2026-03-23 on an hour later and for two hours, and there without bob where `later` says so.
fn moved(later: &str) -> CalendarObject {
    let id = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260323T120000";
    let times = "DTSTART;TZID=Europe/Berlin:20260323T130000\nDTEND;TZID=Europe/Berlin:20260323T150000";
    let organizer = "ORGANIZER:mailto:alice@example.org";
    object(&format!(
        "{BERLIN}{BOB}{CAROL}END:VEVENT\nBEGIN:VEVENT\nUID:1\nSUMMARY:Late\n{id}\n{times}\n{organizer}\n{later}"
    ))
}

#[test]
fn an_instance_follows_the_last_change_of_all_later_ones() {
    let event = moved(BOB);
    let after = answered(&event, &declined(IN_SUMMER), "bob", None, &name).unwrap();
    let text = text(&after);
    let instance = text.rsplit_once("BEGIN:VEVENT").unwrap().1;
    for line in [
        "SUMMARY:Late\n",
        "RECURRENCE-ID;TZID=Europe/Berlin:20260406T120000\n",
        "DTSTART;TZID=Europe/Berlin:20260406T130000\n",
        "DTEND;TZID=Europe/Berlin:20260406T150000\n",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.org\n",
    ] {
        assert!(instance.contains(line), "{line}: {instance}");
    }
    let after = CalendarObject::parse(after, &Zones::new()).unwrap();
    assert_eq!(rescheduled(&event, &after), BTreeSet::new());
    assert_eq!(attendee_may(&event, &after, &name), Ok(()));
    assert_eq!(fingerprint(&event, "alice", &name), fingerprint(&after, "alice", &name));
    assert_eq!(answered(&moved(CAROL), &declined(IN_SUMMER), "bob", None, &name), None, "bob is not invited then");
}

#[test]
fn it_matters_whether_one_instance_is_changed_or_all_later_ones() {
    let all = moved(BOB);
    let one = text(all.document().octets()).replace(";RANGE=THISANDFUTURE", "");
    let one = CalendarObject::parse(one.into(), &Zones::new()).unwrap();
    assert_ne!(fingerprint(&all, "bob", &name), fingerprint(&one, "bob", &name));
    let weekly = object(&format!("{BERLIN}{BOB}{CAROL}"));
    let at = "RECURRENCE-ID;RANGE=THISANDFUTURE:20260323T110000Z\nDTSTART:20260323T110000Z\nDURATION:PT1H\n";
    let renamed = object(&format!("{BERLIN}{BOB}{CAROL}END:VEVENT\nBEGIN:VEVENT\nUID:1\nSUMMARY:Late\n{at}{BOB}"));
    assert_eq!(rescheduled(&weekly, &renamed), BTreeSet::new(), "whoever has answered need not answer again");
    assert_eq!(rescheduled(&weekly, &all).len(), 1);
}

#[test]
fn an_answer_moves_nothing() {
    let range = 1_772_323_200..1_793_491_200; // 2026-03-01 to 2026-11-01.
    let dates = "RDATE;VALUE=PERIOD:20261025T003000Z/P1D,20261025T013000Z/PT3H,20260329T013000Z/PT1H\n";
    let daily = BERLIN.replace("T120000", "T023000").replace("T130000", "T043000");
    let events = [
        moved(BOB),
        object(&format!("{daily}{dates}{BOB}")),
        object(&format!("DTSTART:20260324T223000\nDTEND:20260325T060000\nRRULE:FREQ=DAILY;INTERVAL=5\n{BOB}")),
        object(&format!("DTSTART;VALUE=DATE:20260324\nDURATION:P2D\nRRULE:FREQ=WEEKLY\n{BOB}")),
        object(&format!(
            "DTSTART;TZID=Europe/Berlin:20260324T120000\nDURATION:P1DT1H\nRRULE:FREQ=WEEKLY\n{dates}{BOB}"
        )),
    ];
    for (nth, event) in events.iter().enumerate() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let times = |object: &CalendarObject| -> Vec<(i64, i64)> {
            let found = object.occurrences(&range, &berlin, 100).unwrap();
            found.iter().map(|one| (one.start, one.end)).collect()
        };
        for one in event.occurrences(&range, &berlin, 100).unwrap() {
            let instance = Instance::One(one.recurrence_id.unwrap().seconds());
            let after = answered(event, &declined(instance), "bob", None, &name).unwrap();
            let after = CalendarObject::parse(after, &Zones::new()).unwrap();
            assert_eq!(times(&after), times(event), "{nth} {instance:?}");
            assert_eq!(partstat(&after, instance, "bob", &name).as_deref(), Some("DECLINED"));
            assert_eq!(attendee_may(event, &after, &name), Ok(()), "{nth} {instance:?}");
        }
    }
}

#[test]
fn a_series_ends_for_whom_it_goes_on_without() {
    let draft = Draft::of(&moved(CAROL));
    let bobs = text(&draft.only(&BTreeSet::from([Instance::All])).print("-//test//", None));
    assert!(bobs.contains("RRULE:FREQ=WEEKLY;UNTIL=20260323T105959Z\n") && !bobs.contains("Late"), "{bobs}");
    let all = i64::MIN..i64::MAX;
    let bobs = CalendarObject::parse(bobs.into(), &Zones::new()).unwrap();
    assert_eq!(bobs.occurrences(&all, &Zone::utc(), 10).map(|found| found.len()), Ok(3));
    let carols = text(&draft.only(&draft.instances()).print("-//test//", None));
    assert!(carols.contains("RRULE:FREQ=WEEKLY\n") && carols.contains("Late"), "{carols}");
    let short = moved(CAROL).document().octets().clone();
    let short = text(&short)
        .replace("FREQ=WEEKLY", "COUNT=3;FREQ=WEEKLY")
        .replace("UID:1\nSUMMARY:Lunch", "UID:1\nRDATE:20260401T100000Z");
    let short = Draft::of(&CalendarObject::parse(short.into(), &Zones::new()).unwrap());
    let bobs = text(&short.only(&BTreeSet::from([Instance::All])).print("-//test//", None));
    assert!(bobs.contains("RRULE:COUNT=3;FREQ=WEEKLY\n"), "it has ended before: {bobs}");
    assert!(bobs.contains("EXDATE;TZID=Europe/Berlin:20260401T120000\n"), "{bobs}");
}

#[test]
fn a_date_takes_away_what_starts_at_the_usual_time() {
    let lines = format!("{BERLIN}EXDATE;VALUE=DATE:20260406\nEXDATE;TZID=Europe/Berlin:20260330T120000\n{BOB}");
    let text = text(&Draft::of(&object(&lines)).print("-//test//", None));
    for line in ["EXDATE;TZID=Europe/Berlin:20260330T120000\n", "EXDATE;TZID=Europe/Berlin:20260406T120000\n"] {
        assert!(text.contains(line), "{text}");
    }
    let day = "DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=WEEKLY\nEXDATE:20260406T120000Z\n";
    assert!(self::text(&Draft::of(&object(day)).print("-//test//", None)).contains("EXDATE;VALUE=DATE:20260406\n"));
}

#[test]
fn a_period_is_answered_with_its_own_length() {
    let own = |lines: &str, key: i64| {
        let event = object(&format!("{lines}RDATE;VALUE=PERIOD:20261025T013000Z/PT3H\n{BOB}"));
        let after = answered(&event, &declined(Instance::One(key)), "bob", None, &name).unwrap();
        assert_eq!(attendee_may(&event, &CalendarObject::parse(after.clone(), &Zones::new()).unwrap(), &name), Ok(()));
        text(&after).rsplit_once("BEGIN:VEVENT").unwrap().1.to_owned()
    };
    // The second of the two hours that the clocks of Berlin show as half past two.
    let key = 1_792_891_800;
    let instance = own(BERLIN, key);
    assert!(instance.contains("DTSTART:20261025T013000Z\n"), "{instance}");
    assert!(instance.contains("RECURRENCE-ID:20261025T013000Z\n"), "{instance}");
    assert!(instance.contains("DTEND;TZID=Europe/Berlin:20261025T053000\n"), "{instance}");
    let instance = own("DTSTART:20260302T120000Z\nDURATION:PT1H\n", key);
    assert!(instance.contains("DURATION:PT10800S\n") && !instance.contains("PT1H"), "{instance}");
}

#[test]
fn a_fingerprint_is_of_what_it_says_and_not_of_how_others_answer() {
    let event = object(&format!("{BERLIN}{BOB}{CAROL}"));
    let of = |object: &CalendarObject, who: &str| fingerprint(object, who, &name);
    let after = answered(&event, &declined(IN_SUMMER), "bob", Some("2.0"), &name).unwrap();
    let after = CalendarObject::parse(after, &Zones::new()).unwrap();
    assert_eq!(of(&event, "alice"), of(&after, "alice"));
    assert_eq!(of(&event, "carol"), of(&after, "carol"));
    assert_ne!(of(&event, "bob"), of(&after, "bob"));
    assert_ne!(of(&event, "alice"), of(&object(&format!("{BERLIN}{BOB}")), "alice"));
    assert_ne!(of(&event, "alice"), of(&object(&format!("{BERLIN}{BOB}{CAROL}LOCATION:x\n")), "alice"));
}

#[test]
fn other_words_for_the_same_are_no_change() {
    let event = object(&format!("{BERLIN}{BOB}{CAROL}DESCRIPTION:A\\nB\n"));
    let said =
        "DTSTART:20260302T110000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nSTATUS:CONFIRMED\nLOCATION:\nDESCRIPTION:A\\nB \n";
    let again = "DTSTART;TZID=Europe/Berlin:20260302T120000\nDURATION:PT1H\nRRULE:freq=weekly\nSTATUS:CONFIRMED\nLOCATION:\nDESCRIPTION:A\\nB \n";
    assert_eq!(
        attendee_may(&event, &object(&format!("{again}{CAROL}ATTENDEE;X=1:MAILTO:BOB@example.org\n")), &name),
        Ok(())
    );
    let later = object(&format!("{}{BOB}{CAROL}", said.replace("T110000Z", "T113000Z")));
    assert_eq!(attendee_may(&event, &later, &name), Err("the organizer decides when it takes place".to_owned()));
    assert_eq!(rescheduled(&event, &later), BTreeSet::from([Instance::All]));
    assert_eq!(rescheduled(&event, &object(&format!("{again}{BOB}"))), BTreeSet::new());
}

#[test]
fn a_message_is_no_stored_object_and_the_other_way_round() {
    let event = object(&format!("{BERLIN}{BOB}"));
    let message = request(&Draft::of(&event).public(), "-//test//");
    assert!(CalendarObject::parse(message.clone(), &Zones::new()).is_err());
    assert_eq!(CalendarObject::parse_message(message, &Zones::new()).unwrap().method().as_deref(), Some("REQUEST"));
    assert!(CalendarObject::parse_message(event.document().octets().clone(), &Zones::new()).is_err());
}
