//! `CALDAV:calendar-data` in a report: which part of an object is wanted (RFC 4791 section 9.6).

use std::ops::Range;
use std::sync::Arc;

use ical::Zone;
use ical::select::{CompSelection, PropSelection, RecurrenceSelection, Selection, render};

use super::filter::range;
use crate::error::Error;
use crate::limits::MAX_INSTANCES;
use crate::method::get::visible;
use crate::resource::What;
use crate::webdav::access::Rights;
use crate::webdav::names::{CALDAV, DAV};
use crate::webdav::properties::View;
use crate::webdav::xml::{Element, Writer};
use crate::world::Member;

/// What is wanted of each object.
#[derive(Clone, Debug)]
pub struct CalendarData {
    selection: Selection,
    floating: Arc<Zone>,
}

impl CalendarData {
    /// Reads the element in a report's body, if it is there.
    pub fn read(body: &Element, floating: Zone) -> Result<CalendarData, Error> {
        let prop = body.child(DAV, "prop");
        let element = prop.and_then(|prop| prop.child(CALDAV, "calendar-data"));
        let selection = element.map(selection).transpose()?.unwrap_or_default();
        Ok(CalendarData { selection, floating: Arc::new(floating) })
    }

    /// Why an object cannot be given as it is wanted.
    pub fn complaint(&self, member: &Member) -> Option<Error> {
        let (Some(RecurrenceSelection::Expand(range)), Some(object)) = (&self.selection.recurrences, &member.object)
        else {
            return None;
        };
        let count = object.occurrences(range, &self.floating, MAX_INSTANCES);
        count
            .err()
            .map(|_| Error::caldav("max-instances", format!("it has more than {MAX_INSTANCES} instances in this time")))
    }

    /// Writes the octets of the member that a view is of.
    pub fn write(&self, view: &View<'_>, xml: &mut Writer) -> bool {
        let What::Member(_, member) = &view.resource.what else { return false };
        let Some(object) = &member.object else { return false };
        let whole = self.selection == Selection::default();
        let octets = match whole {
            true => visible(member, view.resource.rights),
            false => match redacted(view, member) {
                Some(redacted) => render(&redacted, &self.selection, &self.floating).unwrap_or_default(),
                None => render(object, &self.selection, &self.floating).unwrap_or_default(),
            },
        };
        if octets.is_empty() {
            return false;
        }
        let name = (CALDAV, "calendar-data");
        xml.start(name);
        xml.text(&String::from_utf8_lossy(&octets));
        xml.end(name);
        true
    }
}

/// The object without what is confidential, for a reader.
fn redacted(view: &View<'_>, member: &Member) -> Option<ical::CalendarObject> {
    let object = member.object.as_ref()?;
    let is_hidden = view.resource.rights < Rights::Owner && object.class() == ical::Class::Confidential;
    if !is_hidden {
        return None;
    }
    ical::CalendarObject::parse(visible(member, view.resource.rights), view.context.parser.zones()).ok()
}

fn selection(element: &Element) -> Result<Selection, Error> {
    if element.attribute("content-type").is_some_and(|said| said != "text/calendar")
        || element.attribute("version").is_some_and(|said| said != "2.0")
    {
        return Err(Error::caldav("supported-calendar-data", "only text/calendar of version 2.0 is given"));
    }
    let bounded = |name: &str| element.child(CALDAV, name).map(closed_range).transpose();
    let (expand, limit) = (bounded("expand")?, bounded("limit-recurrence-set")?);
    let recurrences = match (expand, limit) {
        (Some(range), _) => Some(RecurrenceSelection::Expand(range)),
        (None, Some(range)) => Some(RecurrenceSelection::Limit(range)),
        (None, None) => None,
    };
    let calendar = element.child(CALDAV, "comp").map(component);
    Ok(Selection { calendar, recurrences, limit_free_busy_set: bounded("limit-freebusy-set")? })
}

/// A range with both ends.
fn closed_range(element: &Element) -> Result<Range<i64>, Error> {
    let range = range(element)?;
    match range.start == i64::MIN || range.end == i64::MAX {
        true => Err(Error::BadRequest(format!("{} needs start and end", element.local))),
        false => Ok(range),
    }
}

fn component(element: &Element) -> CompSelection {
    let is = |name: &'static str| element.child(CALDAV, name).is_some();
    let named = |name: &'static str| element.children_named(CALDAV, name);
    let name_of = |element: &Element| element.attribute("name").unwrap_or_default().to_ascii_uppercase();
    let properties = named("prop")
        .map(|prop| PropSelection { name: name_of(prop), novalue: prop.attribute("novalue") == Some("yes") });
    // One that says nothing of what is in it is wanted whole (RFC 4791 section 7.8.1 asks so for time zones).
    let is_whole = ["prop", "allprop", "comp", "allcomp"].into_iter().all(|name| !is(name));
    CompSelection {
        name: name_of(element),
        properties: (!is_whole && !is("allprop")).then(|| properties.collect()),
        components: (!is_whole && !is("allcomp")).then(|| named("comp").map(component).collect()),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Server;

    /// RFC 4791 section 7.8.1 asks for time zones so.
    #[test]
    fn a_component_that_is_only_named_comes_whole() {
        let object = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Home\r\nBEGIN:STANDARD\r\n\
            DTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\n\
            UID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Home:20260101T120000\r\nSUMMARY:Lunch\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        let mut server = Server::of(&["alice"]).with("calendars/alice/work/1.ics", object);
        let query = "REPORT /calendars/alice/work/\nDepth: 1\n\n<C:calendar-query xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'>\
            <D:prop><C:calendar-data><C:comp name='VCALENDAR'><C:comp name='VEVENT'><C:prop name='UID'/></C:comp>\
            <C:comp name='VTIMEZONE'/></C:comp></C:calendar-data></D:prop><C:filter><C:comp-filter name='VCALENDAR'/></C:filter>\
            </C:calendar-query>";
        let reply = server.ask("alice", query);
        assert_eq!(reply.status, 207);
        assert!(reply.body.contains("TZID:Home") && reply.body.contains("END:STANDARD"), "{}", reply.body);
        assert!(reply.body.contains("UID:1") && !reply.body.contains("SUMMARY") && !reply.body.contains("VERSION"));
    }
}
