//! The calendars of somebody as scheduling sees them: where invitations go to, and where an object lies already.

use std::sync::Arc;

use ical::{CalendarObject, Kind};

use crate::world::{Collection, Member, World};

/// An object in one of somebody's calendars.
#[derive(Clone, Debug)]
pub struct Copy {
    /// The calendar.
    pub collection: Arc<Collection>,
    /// The name of its file.
    pub name: Arc<str>,
    /// The object.
    pub object: Arc<CalendarObject>,
}

impl Copy {
    /// Its path in the repository.
    pub fn path(&self) -> String {
        format!("{}/{}", self.collection.path, self.name)
    }
}

/// The own calendars of somebody, without those that lie elsewhere.
pub fn own<'a>(world: &'a World, owner: &str) -> impl Iterator<Item = &'a Arc<Collection>> + use<'a> {
    let home = World::home_path(owner);
    let calendars: Vec<_> =
        world.children(&home).filter(|calendar| calendar.is_calendar() && calendar.file.source.is_none()).collect();
    calendars.into_iter()
}

/// The calendar that invitations go to: the one that the owner says (RFC 6638 section 9.2), else the first that takes
/// such objects.
pub fn default_calendar<'a>(world: &'a World, owner: &str, kind: Kind) -> Option<&'a Arc<Collection>> {
    let takes = |calendar: &&Arc<Collection>| {
        let components = &calendar.file.components;
        components.is_empty() || components.iter().any(|name| name == kind.name())
    };
    let said = world.collection(&World::inbox_path(owner)).and_then(|inbox| inbox.file.default_calendar.as_deref());
    let candidates = || own(world, owner).filter(takes);
    let chosen = candidates().find(|calendar| said == Some(calendar.name()));
    chosen.or_else(|| {
        candidates().min_by_key(|calendar| (calendar.file.order.unwrap_or(i64::MAX), calendar.path.clone()))
    })
}

/// Objects with a UID in the calendars of somebody.
pub fn with_uid(world: &World, owner: &str, uid: &str) -> Vec<Copy> {
    let copy = |calendar: &Arc<Collection>| {
        let member: &Member = calendar.by_uid(uid)?;
        let object = Arc::clone(member.object.as_ref()?);
        Some(Copy { collection: Arc::clone(calendar), name: Arc::clone(&member.name), object })
    };
    own(world, owner).filter_map(copy).collect()
}
