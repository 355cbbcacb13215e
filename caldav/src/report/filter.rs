//! The filter of a calendar-query: XML to values (RFC 4791 section 9.7).

use std::ops::Range;

use ical::filter::{
    Collation, CompFilter, CompTest, Filter, ParamFilter, ParamTest, PropFilter, PropTest, TextMatch, ValueTest,
};

use crate::error::Error;
use crate::webdav::names::CALDAV;
use crate::webdav::xml::Element;

fn invalid(reason: impl Into<String>) -> Error {
    Error::caldav("valid-filter", reason)
}

/// Reads `CALDAV:filter`.
pub fn read(element: &Element) -> Result<Filter, Error> {
    let mut components = element.children_named(CALDAV, "comp-filter");
    let (Some(first), None) = (components.next(), components.next()) else {
        return Err(invalid("a filter has one comp-filter, of VCALENDAR"));
    };
    let calendar = component(first)?;
    match calendar.name == "VCALENDAR" {
        true => Ok(Filter { calendar }),
        false => Err(invalid(format!("the outermost comp-filter is of {}, and not of VCALENDAR", calendar.name))),
    }
}

fn name(element: &Element) -> Result<String, Error> {
    let name = element.attribute("name").map(str::to_ascii_uppercase);
    name.ok_or_else(|| invalid(format!("a {} has no name", element.local)))
}

fn is_not_defined(element: &Element) -> bool {
    element.child(CALDAV, "is-not-defined").is_some()
}

fn component(element: &Element) -> Result<CompFilter, Error> {
    let name = name(element)?;
    if is_not_defined(element) {
        return Ok(CompFilter { name, test: CompTest::IsNotDefined });
    }
    let time_range = element.child(CALDAV, "time-range").map(range).transpose()?;
    if time_range.is_some() && name == "VCALENDAR" {
        return Err(invalid("a VCALENDAR has no time"));
    }
    let properties = element.children_named(CALDAV, "prop-filter").map(property).collect::<Result<_, _>>()?;
    let components = element.children_named(CALDAV, "comp-filter").map(component).collect::<Result<_, _>>()?;
    Ok(CompFilter { name, test: CompTest::Defined { time_range, properties, components } })
}

fn property(element: &Element) -> Result<PropFilter, Error> {
    let name = name(element)?;
    if is_not_defined(element) {
        return Ok(PropFilter { name, test: PropTest::IsNotDefined });
    }
    let time = element.child(CALDAV, "time-range").map(range).transpose()?.map(ValueTest::Time);
    let text = element.child(CALDAV, "text-match").map(text_match).transpose()?.map(ValueTest::Text);
    let parameters = element.children_named(CALDAV, "param-filter").map(parameter).collect::<Result<_, _>>()?;
    Ok(PropFilter { name, test: PropTest::Defined { value: time.or(text), parameters } })
}

fn parameter(element: &Element) -> Result<ParamFilter, Error> {
    let name = name(element)?;
    let test = match element.child(CALDAV, "text-match") {
        _ if is_not_defined(element) => ParamTest::IsNotDefined,
        Some(text) => ParamTest::Text(text_match(text)?),
        None => ParamTest::IsDefined,
    };
    Ok(ParamFilter { name, test })
}

fn text_match(element: &Element) -> Result<TextMatch, Error> {
    let named = element.attribute("collation").unwrap_or("i;ascii-casemap");
    let collation = Collation::named(named)
        .ok_or_else(|| Error::caldav("supported-collation", format!("texts cannot be compared by {named} here")))?;
    Ok(TextMatch::new(&element.text(), collation, element.attribute("negate-condition") == Some("yes")))
}

/// `start` and `end` of an element, at least one of them (RFC 4791 section 9.9); open ends are the ends of time.
pub fn range(element: &Element) -> Result<Range<i64>, Error> {
    let (start, end) = (element.attribute("start"), element.attribute("end"));
    if start.is_none() && end.is_none() {
        return Err(invalid(format!("a {} has neither start nor end", element.local)));
    }
    let moment = |text: Option<&str>, open: i64| match text {
        None => Ok(open),
        Some(text) => {
            ical::parse_utc(text).ok_or_else(|| invalid(format!("{text} is no time in UTC such as 20260131T120000Z")))
        }
    };
    let range = moment(start, i64::MIN)?..moment(end, i64::MAX)?;
    match range.start < range.end {
        true => Ok(range),
        false => Err(invalid("the end of a time-range is not after its start")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webdav::xml::parse;

    fn filter(inner: &str) -> Result<Filter, Error> {
        let xml = format!("<filter xmlns='urn:ietf:params:xml:ns:caldav'>{inner}</filter>");
        read(&parse(xml.as_bytes()).unwrap())
    }

    #[test]
    fn a_usual_filter() {
        let event = "<comp-filter name='VEVENT'><time-range start='20260101T000000Z'/></comp-filter>";
        let read = filter(&format!("<comp-filter name='VCALENDAR'>{event}</comp-filter>")).unwrap();
        assert_eq!(read, Filter::of_component(CompFilter::in_range("VEVENT", 1_767_225_600..i64::MAX)));
    }

    #[test]
    fn what_makes_no_sense() {
        for inner in [
            "",
            "<comp-filter name='VEVENT'/>",
            "<comp-filter/>",
            "<comp-filter name='VCALENDAR'><comp-filter name='VEVENT'><time-range/></comp-filter></comp-filter>",
            "<comp-filter name='VCALENDAR'><comp-filter name='VEVENT'><time-range start='2026'/></comp-filter></comp-filter>",
            "<comp-filter name='VCALENDAR'><prop-filter name='X'><text-match collation='i;x'/></prop-filter></comp-filter>",
        ] {
            assert!(matches!(filter(inner), Err(Error::Condition { .. })), "{inner}");
        }
    }
}
