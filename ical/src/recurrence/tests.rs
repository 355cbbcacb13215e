//! RFC 5545 section 3.8.5.3: every example, in its order; and what rules can go wrong with.

use super::{Clock, Rule, Series, Walk};
use crate::value::{self, print_date, print_date_time};

fn local(text: &str) -> i64 {
    value::parse_date_time(text).unwrap().digits()
}

/// The first `count` instances of a rule in the examples' zone, without DTSTART being added.
fn instances(start: &str, rule: &str, count: usize) -> Vec<i64> {
    // All the examples' UNTILs lie in winter, five hours behind UTC.
    let new_york = |instant| instant - 5 * 3600;
    let series = Series::new(Rule::parse(rule).unwrap(), local(start), Clock::Zone(&new_york)).unwrap();
    let mut walk = series.walk(i64::MIN, i64::MAX);
    let ends = series.last_instant.saturating_sub(5 * 3600);
    let all = std::iter::from_fn(|| walk.next().map(Result::unwrap));
    all.take_while(|time| *time <= series.last && *time <= ends).take(count).collect()
}

/// Checks the dates: `19970902 03 10 | 19971001` has days of the month and the year so far.
fn dates(rule: &str, start: &str, expected: &str) {
    let mut expanded: Vec<String> = Vec::new();
    for word in expected.split_whitespace() {
        let before = expanded.last().cloned().unwrap_or_default();
        expanded.push(format!("{}{word}", &before[..before.len().saturating_sub(word.len())]));
    }
    let found = instances(start, rule, expanded.len() + 1);
    let found: Vec<String> = found.into_iter().map(print_date).collect();
    let is_open = !rule.contains("UNTIL") && !rule.contains("COUNT");
    assert_eq!(found.len(), expanded.len() + usize::from(is_open), "{rule}: {found:?}");
    assert_eq!(found[..expanded.len()], expanded, "{rule}");
}

/// Checks the times of one day or several: `T090000` or `0903T090000`.
fn times(rule: &str, expected: &[&str]) {
    let found = instances(START, rule, expected.len());
    let found: Vec<String> = found.into_iter().map(print_date_time).collect();
    assert_eq!(found, expected, "{rule}");
}

fn walk(rule: &Rule, start: i64, from: i64) -> Walk<'_> {
    Walk::new(rule, start, from..=i64::MAX)
}

const START: &str = "19970902T090000";

#[test]
fn daily() {
    dates("FREQ=DAILY;COUNT=10", START, "19970902 03 04 05 06 07 08 09 10 11");
    let until = instances(START, "FREQ=DAILY;UNTIL=19971224T000000Z", 1000);
    assert_eq!((until.len(), print_date(*until.last().unwrap())), (113, "19971223".to_owned()));
    dates("FREQ=DAILY;INTERVAL=2", START, "19970902 04 06 08 10 12 14 16 18 20 22 24 26 28 30 1002");
    dates("FREQ=DAILY;INTERVAL=10;COUNT=5", START, "19970902 12 22 1002 12");
    for rule in [
        "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
    ] {
        let found = instances("19980101T090000", rule, 1000);
        assert_eq!(
            (found.len(), print_date(found[31]), print_date(found[92])),
            (93, "19990101".into(), "20000131".into())
        );
    }
}

#[test]
fn weekly() {
    dates("FREQ=WEEKLY;COUNT=10", START, "19970902 09 16 23 30 1007 14 21 28 1104");
    dates(
        "FREQ=WEEKLY;UNTIL=19971224T000000Z",
        START,
        "19970902 09 16 23 30 1007 14 21 28 1104 11 18 25 1202 09 16 23",
    );
    dates("FREQ=WEEKLY;INTERVAL=2;WKST=SU", START, "19970902 16 30 1014 28 1111 25 1209 23 19980106 20 0203 17");
    let both = "19970902 04 09 11 16 18 23 25 30 1002";
    dates("FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", START, both);
    dates("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", START, both);
    let thrice = "19970901 03 05 15 17 19 29 1001 03 13 15 17 27 29 31 1110 12 14 24 26 28 1208 10 12 22";
    dates("FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR", "19970901T090000", thrice);
    dates("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", START, "19970902 04 16 18 30 1002 14 16");
    dates("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "19970805T090000", "19970805 10 19 24");
    dates("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "19970805T090000", "19970805 17 19 31");
}

#[test]
fn monthly() {
    let first_fridays = "19970905 1003 1107 1205 19980102 0206 0306 0403 0501 0605";
    dates("FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "19970905T090000", first_fridays);
    dates("FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", "19970905T090000", "19970905 1003 1107 1205");
    let sundays = "19970907 28 1102 30 19980104 25 0301 29 0503 31";
    dates("FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", "19970907T090000", sundays);
    dates("FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "19970922T090000", "19970922 1020 1117 1222 19980119 0216");
    dates("FREQ=MONTHLY;BYMONTHDAY=-3", "19970928T090000", "19970928 1029 1128 1229 19980129 0226");
    dates("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", START, "19970902 15 1002 15 1102 15 1202 15 19980102 15");
    let ends = "19970930 1001 31 1101 30 1201 31 19980101 31 0201";
    dates("FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", "19970930T090000", ends);
    let eighteen = "19970910 11 12 13 14 15 19990310 11 12 13";
    dates("FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", "19970910T090000", eighteen);
    let tuesdays = "19970902 09 16 23 30 1104 11 18 25 19980106 13 20 27 0303 10 17 24 31";
    dates("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", START, tuesdays);
    dates("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", START, "19980213 0313 1113 19990813 20001013");
    let saturdays = "19970913 1011 1108 1213 19980110 0207 0307 0411 0509 0613";
    dates("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "19970913T090000", saturdays);
    dates("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "19970904T090000", "19970904 1007 1106");
    let workdays = "19970929 1030 1127 1230 19980129 0226 0330";
    dates("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "19970929T090000", workdays);
    dates("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "20070115T090000", "20070115 30 0215 0315 30");
}

#[test]
fn yearly() {
    let june_july = "19970610 0710 19980610 0710 19990610 0710 20000610 0710 20010610 0710";
    dates("FREQ=YEARLY;COUNT=10;BYMONTH=6,7", "19970610T090000", june_july);
    let winter = "19970310 19990110 0210 0310 20010110 0210 0310 20030110 0210 0310";
    dates("FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", "19970310T090000", winter);
    let third = "19970101 0410 0719 20000101 0409 0718 20030101 0410 0719 20060101";
    dates("FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", "19970101T090000", third);
    dates("FREQ=YEARLY;BYDAY=20MO", "19970519T090000", "19970519 19980518 19990517");
    dates("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "19970512T090000", "19970512 19980511 19990517");
    let march = "19970313 20 27 19980305 12 19 26 19990304 11 18 25";
    dates("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "19970313T090000", march);
    let summer = "19970605 12 19 26 0703 10 17 24 31 0807 14 21 28 19980604 11 18 25 0702";
    dates("FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", "19970605T090000", summer);
    let elections = "19961105 20001107 20041102";
    dates("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "19961105T090000", elections);
}

#[test]
fn within_a_day() {
    times("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T220000Z", &["19970902T090000", "19970902T120000", "19970902T150000"]);
    let quarters = [
        "19970902T090000",
        "19970902T091500",
        "19970902T093000",
        "19970902T094500",
        "19970902T100000",
        "19970902T101500",
    ];
    times("FREQ=MINUTELY;INTERVAL=15;COUNT=6", &quarters);
    times(
        "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
        &["19970902T090000", "19970902T103000", "19970902T120000", "19970902T133000"],
    );
    for rule in [
        "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
        "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
    ] {
        let found = instances(START, rule, 49);
        let found: Vec<String> = found.into_iter().map(print_date_time).collect();
        assert_eq!((found[1].as_str(), found[23].as_str()), ("19970902T092000", "19970902T164000"), "{rule}");
        assert_eq!((found[24].as_str(), found[48].as_str()), ("19970903T090000", "19970904T090000"), "{rule}");
    }
    times(
        "FREQ=SECONDLY;INTERVAL=5;BYSECOND=0,10,60;COUNT=4",
        &["19970902T090000", "19970902T090010", "19970902T090100", "19970902T090110"],
    );
    times("FREQ=HOURLY;BYMINUTE=15,45;BYSETPOS=-1", &["19970902T094500", "19970902T104500"]);
}

#[test]
fn defaults_come_from_the_start() {
    dates("FREQ=YEARLY;BYWEEKNO=20;COUNT=2", "19970514T090000", "19970514 19980513");
    dates("FREQ=YEARLY;COUNT=3", "20240229T090000", "20240229 20280229 20320229");
    dates("FREQ=MONTHLY;COUNT=3", "20260131T090000", "20260131 0331 0531");
    dates("FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR;COUNT=2", "20100101T090000", "20100101 20160101");
    dates("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO;COUNT=3", "20151228T090000", "20151228 20161226 20171225");
    dates("FREQ=YEARLY;BYYEARDAY=-1,366;COUNT=3", "20231231T090000", "20231231 20241231 20251231");
}

#[test]
fn any_window_is_found_without_counting_from_the_start() {
    for (rule, start) in [
        ("FREQ=DAILY;INTERVAL=3", START),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU", START),
        ("FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=31", "19970131T090000"),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", "19960229T090000"),
        ("FREQ=HOURLY;INTERVAL=7", START),
        ("FREQ=MINUTELY;INTERVAL=1001;BYDAY=TU", START),
    ] {
        let rule = Rule::parse(rule).unwrap();
        let mut all = walk(&rule, local(start), local(start));
        let all: Vec<i64> = std::iter::from_fn(|| all.next().map(Result::unwrap)).take(300).collect();
        for (index, time) in all.iter().enumerate().skip(1) {
            assert_eq!(walk(&rule, local(start), *time).next(), Some(Ok(*time)), "{rule:?}");
            assert_eq!(walk(&rule, local(start), all[index - 1] + 1).next(), Some(Ok(*time)), "{rule:?}");
        }
    }
}

#[test]
fn a_count_is_found_by_arithmetic() {
    for (rule, start) in [
        ("FREQ=DAILY", START),
        ("FREQ=DAILY;INTERVAL=3;BYHOUR=8,9,10", START),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR", START),
        ("FREQ=WEEKLY;BYDAY=MO,TH", START),
        ("FREQ=HOURLY;INTERVAL=7;BYMINUTE=0,30", START),
    ] {
        let parsed = Rule::parse(rule).unwrap();
        let mut walk = walk(&parsed, local(start), local(start));
        let mut all: Vec<i64> = std::iter::from_fn(|| walk.next().map(Result::unwrap)).take(60).collect();
        if all[0] != local(start) {
            all.insert(0, local(start));
        }
        for count in 1..=all.len() {
            let counted = Rule::parse(&format!("{rule};COUNT={count}")).unwrap();
            let series = Series::new(counted, local(start), Clock::Floating).unwrap();
            assert_eq!(series.last, all[count - 1], "{rule};COUNT={count}");
        }
    }
    let long = Rule::parse("FREQ=WEEKLY;COUNT=400000").unwrap();
    let series = Series::new(long, local(START), Clock::Floating).unwrap();
    assert_eq!(series.last, local(START) + 399_999 * 7 * 86_400);
}

#[test]
fn rules_without_end_or_instance_cost_little() {
    let never = Rule::parse("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30").unwrap();
    assert_eq!(walk(&never, local(START), local(START)).next(), None);
    let never = Rule::parse("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30").unwrap();
    assert!(matches!(walk(&never, local(START), local(START)).next(), None | Some(Err(_))));
    let never = Rule::parse("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5").unwrap();
    let _ = Series::new(never, local(START), Clock::Floating);
    let dense = |rule| Series::new(Rule::parse(rule).unwrap(), local(START), Clock::Floating).unwrap().is_dense();
    assert!(dense("FREQ=SECONDLY") && dense("FREQ=MINUTELY;BYSECOND=1,2") && !dense("FREQ=MINUTELY"));
    assert!(!dense("FREQ=SECONDLY;COUNT=100"));
    let long = Series::new(Rule::parse("FREQ=MONTHLY;COUNT=999999").unwrap(), local(START), Clock::Floating);
    assert!(long.is_err(), "the last is not worth looking for");
    let far = Rule::parse("FREQ=SECONDLY;INTERVAL=999999999").unwrap();
    assert_eq!(walk(&far, local("00000101T000000"), local("99991231T235959")).next(), None);
}

#[test]
fn what_is_wrong_with_a_rule_is_said() {
    for (rule, words) in [
        ("", "no FREQ"),
        ("FREQ=OFTEN", "not a frequency"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "COUNT and UNTIL"),
        ("FREQ=DAILY;BYMONTH=13", "from 1 to 12"),
        ("FREQ=DAILY;BYDAY=XX", "weekday"),
        ("FREQ=DAILY;BYDAY=é", "weekday"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY"),
        ("FREQ=DAILY;FOO=1", "FOO"),
        ("RSCALE=CHINESE;FREQ=YEARLY", "RSCALE=CHINESE"),
        ("FREQ=DAILY;COUNT", "NAME=VALUE"),
    ] {
        let error = Rule::parse(rule).unwrap_err();
        assert!(error.contains(words), "{rule}: {error}");
    }
    assert!(Rule::parse("FREQ=DAILY;;BYDAY=+1MO,-1TU;X-A=1;").is_ok());
}
