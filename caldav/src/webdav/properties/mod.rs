//! Properties: those that we know how to make, one table for each theme, and those that we keep without knowing what
//! they mean.

mod acl;
mod administration;
mod calendar;
mod change;
mod general;
mod principal;
mod reports;
mod scheduling;

use super::access::Rights;
use super::names::{CALDAV, CALENDAR_SERVER, DAV, Name};
use super::xml::{Element, Writer};
use crate::context::Context;
use crate::error::Error;
use crate::repository::collection::DeadProperty;
use crate::resource::{Resource, What};

pub use change::{Instruction, Of, apply, instructions, make};
pub use general::used;

/// What is told of a calendar to whoever may only ask when its owner is busy.
const OF_FREE_BUSY: [Name<'static>; 4] =
    [(DAV, "resourcetype"), (DAV, "current-user-privilege-set"), (DAV, "owner"), (DAV, "supported-report-set")];

/// A property that we make.
#[derive(Debug)]
pub struct Live {
    /// Its name.
    pub name: Name<'static>,
    /// Whether `DAV:allprop` includes it (RFC 4918 section 9.1, and what others say of theirs).
    pub is_common: bool,
    /// Writes what is inside the element; false, with nothing written, if the resource has no such property.
    pub write: fn(&View<'_>, &mut Writer) -> bool,
}

/// All of them.
fn tables() -> impl Iterator<Item = &'static Live> {
    [general::LIVE, principal::LIVE, calendar::LIVE, scheduling::LIVE, acl::LIVE, reports::LIVE, administration::LIVE]
        .into_iter()
        .flatten()
}

/// Whether a property is ours to make, so that no client may store another value under its name.
pub fn is_live(name: Name<'_>) -> bool {
    tables().any(|live| live.name == name)
}

/// A resource as somebody sees it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Who asks, and in which world.
    pub context: &'a Context<'a>,
    /// What they look at.
    pub resource: &'a Resource,
}

/// A property that was asked for, looked up once for all resources.
#[derive(Clone, Debug)]
pub enum Wanted<'a> {
    /// One that we make.
    Live(&'static Live),
    /// One that we keep, or do not know.
    Dead(String, String),
    /// `CALDAV:calendar-data` of a report.
    CalendarData(&'a crate::report::CalendarData),
}

/// What a PROPFIND or a report asks for.
#[derive(Clone, Debug)]
pub enum Question<'a> {
    /// These.
    Named(Vec<Wanted<'a>>),
    /// All common ones, and these.
    All(Vec<Wanted<'a>>),
    /// The names of all.
    Names,
}

impl<'a> Wanted<'a> {
    /// Looks up a name.
    pub fn of(element: &Element) -> Wanted<'a> {
        let (namespace, local) = element.name();
        match tables().find(|live| live.name == (namespace, local)) {
            Some(live) => Wanted::Live(live),
            None => Wanted::Dead(namespace.to_owned(), local.to_owned()),
        }
    }

    /// Its name.
    pub fn name(&self) -> Name<'_> {
        match self {
            Wanted::Live(live) => live.name,
            Wanted::Dead(namespace, local) => (namespace, local),
            Wanted::CalendarData(_) => (CALDAV, "calendar-data"),
        }
    }

    /// The ones in a `DAV:prop`; for a report with the data it asks for.
    pub fn list(prop: &Element, data: Option<&'a crate::report::CalendarData>) -> Vec<Wanted<'a>> {
        let wanted = prop.elements().map(|element| match data {
            Some(data) if element.is(CALDAV, "calendar-data") => Wanted::CalendarData(data),
            _ => Wanted::of(element),
        });
        wanted.collect()
    }
}

/// Properties that one request may name: there are about a hundred.
const MOST: usize = 500;

impl<'a> Question<'a> {
    /// Reads `DAV:prop`, `DAV:allprop` and `DAV:propname` in the body of a request; without one it is about all.
    pub fn read(body: Option<&Element>, data: Option<&'a crate::report::CalendarData>) -> Result<Question<'a>, Error> {
        let Some(body) = body else { return Ok(Question::All(Vec::new())) };
        let (prop, all, names) = (body.child(DAV, "prop"), body.child(DAV, "allprop"), body.child(DAV, "propname"));
        match (prop, all, names) {
            (Some(prop), None, None) if prop.elements().count() > MOST => {
                Err(Error::BadRequest(format!("more than {MOST} properties are asked for")))
            }
            (Some(prop), None, None) => Ok(Question::Named(Wanted::list(prop, data))),
            (None, Some(_), None) => {
                let include = body.child(DAV, "include");
                Ok(Question::All(include.map_or(Vec::new(), |include| Wanted::list(include, data))))
            }
            (None, None, Some(_)) => Ok(Question::Names),
            _ => Err(Error::BadRequest("one of prop, allprop and propname is needed, and only one".to_owned())),
        }
    }

    /// The properties for one resource.
    pub fn wanted<'b>(&'b self, view: &View<'_>, buffer: &'b mut Vec<Wanted<'a>>) -> &'b [Wanted<'a>] {
        match self {
            Question::Named(wanted) => wanted,
            Question::All(others) => {
                buffer.clear();
                buffer.extend(tables().filter(|live| live.is_common && view.has(live)).map(Wanted::Live));
                buffer.extend(view.unknown().map(|dead| Wanted::Dead(dead.namespace.clone(), dead.name.clone())));
                buffer.extend(others.iter().cloned());
                buffer
            }
            Question::Names => {
                buffer.clear();
                buffer.extend(tables().filter(|live| view.has(live)).map(Wanted::Live));
                buffer.extend(view.unknown().map(|dead| Wanted::Dead(dead.namespace.clone(), dead.name.clone())));
                buffer
            }
        }
    }

    /// Whether only names are wanted.
    pub fn is_names(&self) -> bool {
        matches!(self, Question::Names)
    }
}

impl View<'_> {
    /// Writes a property as an element; false, with nothing written, if it is not there.
    pub fn write(&self, wanted: &Wanted<'_>, xml: &mut Writer) -> bool {
        match wanted {
            Wanted::Live(live) => self.write_live(live, xml),
            Wanted::Dead(namespace, local) => self.write_dead((namespace, local), xml),
            Wanted::CalendarData(data) => data.write(self, xml),
        }
    }

    fn write_live(&self, live: &Live, xml: &mut Writer) -> bool {
        if !self.may_know(live.name) {
            return false;
        }
        let before = xml.len();
        xml.start(live.name);
        if (live.write)(self, xml) {
            xml.end(live.name);
            return true;
        }
        xml.truncate(before);
        false
    }

    fn has(&self, live: &Live) -> bool {
        self.may_know(live.name) && (live.write)(self, &mut Writer::fragment())
    }

    fn write_dead(&self, name: Name<'_>, xml: &mut Writer) -> bool {
        let Some(dead) = self.dead().find(|dead| (dead.namespace.as_str(), dead.name.as_str()) == name) else {
            return false;
        };
        match &dead.language {
            Some(language) => xml.start_with(name, &[("xml:lang", language)]),
            None => xml.start(name),
        }
        xml.raw(&dead.value);
        xml.end(name);
        true
    }

    /// Whether a property says no more than whoever asks may know: who may ask when somebody is busy learns nothing of
    /// the calendar, and who sees some calendars of a home nothing of the others.
    fn may_know(&self, name: Name<'_>) -> bool {
        match (&self.resource.what, self.resource.rights) {
            (What::Collection(_), Rights::FreeBusy) => OF_FREE_BUSY.contains(&name),
            (What::Home(_), rights) if rights < Rights::Owner => name != (CALENDAR_SERVER, "getctag"),
            _ => true,
        }
    }

    /// Those that we keep and do not make, but for the ones that are told as if we made them.
    fn unknown(&self) -> impl Iterator<Item = &DeadProperty> + '_ {
        self.dead().filter(|dead| !is_live((&dead.namespace, &dead.name)))
    }

    /// The properties that we keep for it.
    fn dead(&self) -> Box<dyn Iterator<Item = &DeadProperty> + '_> {
        match &self.resource.what {
            What::Collection(_) | What::Member(..) if !self.resource.rights.can_read() => Box::new(std::iter::empty()),
            What::Home(_) if self.resource.rights < Rights::Owner => Box::new(std::iter::empty()),
            What::Collection(collection) | What::Inbox(_, Some(collection)) => {
                Box::new(collection.file.properties.iter())
            }
            What::Member(collection, member) => Box::new(collection.file.properties_of(&member.name)),
            What::Home(owner) => {
                let home = self.context.world.collection(&crate::world::World::home_path(owner));
                Box::new(home.into_iter().flat_map(|home| home.file.properties.iter()))
            }
            _ => Box::new(std::iter::empty()),
        }
    }
}

#[cfg(test)]
mod tests;
