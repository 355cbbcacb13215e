//! calendar-query (RFC 4791 section 7.8): the interval index finds the candidates, the filter decides.

use std::ops::Range;
use std::sync::Arc;

use ical::filter::{Budget, CompTest, Filter, matches_within};
use ical::{CalendarObject, Zone};

use super::{CalendarData, filter, floating_zone};
use crate::context::Context;
use crate::error::Error;
use crate::method::{Outcome, missing};
use crate::request::Depth;
use crate::resource::{Resource, What, children, is_hidden, may_see, member_resource};
use crate::webdav::access::Rights;
use crate::webdav::multistatus::Multistatus;
use crate::webdav::names::CALDAV;
use crate::webdav::properties::{Question, View};
use crate::webdav::xml::Element;
use crate::world::{Collection, Member};

/// The reply.
pub fn handle(context: &Context<'_>, resource: &Resource, body: &Element) -> Result<Outcome, Error> {
    let filter = body.child(CALDAV, "filter").ok_or_else(|| Error::caldav("valid-filter", "there is no filter"))?;
    let filter = filter::read(filter)?;
    let limit = super::sync::limit(body)?;
    let data = CalendarData::read(body, floating_zone(Some(body), resource.collection().map(|found| &*found.file))?)?;
    let question = Question::read(Some(body), Some(&data)).or_else(|_| Question::read(None, Some(&data)))?;
    let mut found = Found {
        context,
        question,
        data: &data,
        limit,
        multistatus: Multistatus::new(context.request.wants_minimal()),
        count: 0,
        budget: Budget::default(),
    };
    match &resource.what {
        What::Collection(_) | What::Inbox(_, Some(_)) => found.collection(resource, body, &filter)?,
        What::Member(collection, member) => {
            let zone = floating_zone(Some(body), Some(&collection.file))?;
            found.member(resource, member, &filter, &zone)?;
        }
        What::Home(_) if context.request.depth(Depth::Zero)? != Depth::Zero => {
            let calendars = children(context.world, context.login(), resource);
            for calendar in calendars.iter().filter(|calendar| calendar.rights.can_read()) {
                if matches!(&calendar.what, What::Collection(collection) if collection.is_calendar()) {
                    found.collection(calendar, body, &filter)?;
                }
            }
        }
        _ => {}
    }
    if found.limit.is_some_and(|limit| found.count > limit) {
        found.multistatus.truncated(&resource.href);
    }
    Ok(Outcome::Reply(found.multistatus.finish()))
}

struct Found<'a> {
    context: &'a Context<'a>,
    question: Question<'a>,
    data: &'a CalendarData,
    limit: Option<usize>,
    multistatus: Multistatus,
    count: usize,
    budget: Budget,
}

impl Found<'_> {
    fn collection(&mut self, resource: &Resource, body: &Element, filter: &Filter) -> Result<(), Error> {
        let Some(collection) = resource.collection() else { return Ok(()) };
        if !resource.rights.can_read() {
            return Err(missing(&resource.href, "read"));
        }
        let zone = floating_zone(Some(body), Some(&collection.file))?;
        for member in candidates(collection, filter) {
            if may_see(resource.rights, member) && self.is_match(resource.rights, member, filter, &zone)? {
                self.add(&member_resource(resource, collection, member), member);
            }
        }
        Ok(())
    }

    fn member(&mut self, resource: &Resource, member: &Member, filter: &Filter, zone: &Zone) -> Result<(), Error> {
        if self.is_match(resource.rights, member, filter, zone)? {
            self.add(resource, member);
        }
        Ok(())
    }

    /// What is confidential is found by what may be seen of it.
    fn is_match(&mut self, rights: Rights, member: &Member, filter: &Filter, zone: &Zone) -> Result<bool, Error> {
        let Some(object) = &member.object else { return Ok(false) };
        let seen = is_hidden(member, rights).then(|| {
            let times = ical::redact::times_only(object);
            CalendarObject::parse(times, self.context.parser.zones())
        });
        let found = match seen {
            None => matches_within(object, filter, zone, &mut self.budget),
            Some(Ok(seen)) => matches_within(&seen, filter, zone, &mut self.budget),
            Some(Err(_)) => Ok(false),
        };
        found.map_err(|_| Error::beyond_limits("the rules of these objects take too long to follow"))
    }

    fn add(&mut self, resource: &Resource, member: &Member) {
        self.count += 1;
        if self.limit.is_some_and(|limit| self.count > limit) {
            return;
        }
        if let Some(error) = self.data.complaint(member) {
            return self.multistatus.error(&resource.href, &error);
        }
        let view = View { context: self.context, resource };
        let mut buffer = Vec::new();
        let wanted = self.question.wanted(&view, &mut buffer);
        self.multistatus.properties(&view, wanted);
    }
}

/// Members that can match: those of the range, where the filter has one that every match meets.
fn candidates<'a>(collection: &'a Arc<Collection>, filter: &Filter) -> Box<dyn Iterator<Item = &'a Arc<Member>> + 'a> {
    match range(filter) {
        Some(range) => Box::new(collection.overlapping(range)),
        None => Box::new(collection.members()),
    }
}

/// The time of the component that is looked for. A VTODO without times meets every range, and an alarm may be long
/// before what it is for, so that for these all are looked at.
fn range(filter: &Filter) -> Option<Range<i64>> {
    let CompTest::Defined { components, .. } = &filter.calendar.test else { return None };
    let found =
        components.iter().filter(|component| matches!(component.name.as_str(), "VEVENT" | "VJOURNAL" | "VFREEBUSY"));
    let mut ranges = found.filter_map(|component| match &component.test {
        CompTest::Defined { time_range, .. } => time_range.clone(),
        CompTest::IsNotDefined => None,
    });
    ranges.next()
}
