//! When an object takes place: its recurrence set with its overrides (RFC 5545 section 3.8.4.4), and what of it overlaps a range
//! (RFC 4791 section 9.9).
//!
//! An override with RANGE=THISANDFUTURE moves the later instances by as much as its own, and gives them its length.

use std::fmt;
use std::ops::{ControlFlow, Range, RangeInclusive};

use super::recurrence::{Added, Recurrence, Starts};
use super::schedule::Schedule;
use super::{Basis, CalendarObject, Override};
use crate::civil;
use crate::recurrence::{OutOfSteps, Steps};
use crate::value::{self, Duration};
use crate::zone::{Form, Moment, Zone};

/// One time at which a component takes place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// In UTC, seconds since 1970.
    pub start: i64,
    /// In UTC, not part of it; the start itself where it has no length.
    pub end: i64,
    /// Which instance it is, where the object recurs.
    pub recurrence_id: Option<RecurrenceId>,
    /// The component that says what it is, for [`CalendarObject::component`].
    pub component: usize,
    /// Whether it takes whole days.
    pub is_date: bool,
    /// The start as the component's clock shows it.
    pub(crate) local: i64,
    /// What lies between start and end.
    pub(crate) length: Duration,
}

/// Which instance of a recurrence set something is, by the start that the rule gives it. Prints as the value of RECURRENCE-ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecurrenceId {
    /// The midnight of a date, in seconds.
    Date(i64),
    /// A local time, in seconds.
    Floating(i64),
    /// UTC.
    Utc(i64),
}

/// There are more occurrences than were wanted, or to find them takes too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are too many occurrences")]
pub struct TooMany;

impl RecurrenceId {
    /// Its digits as seconds since 1970.
    pub(crate) fn seconds(self) -> i64 {
        match self {
            RecurrenceId::Date(seconds) | RecurrenceId::Floating(seconds) | RecurrenceId::Utc(seconds) => seconds,
        }
    }
}

impl fmt::Display for RecurrenceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecurrenceId::Date(seconds) => formatter.write_str(&value::print_date(*seconds)),
            RecurrenceId::Floating(seconds) => formatter.write_str(&value::print_date_time(*seconds)),
            RecurrenceId::Utc(seconds) => write!(formatter, "{}Z", value::print_date_time(*seconds)),
        }
    }
}

/// What to call with each occurrence; breaking off ends the search.
type Found<'f> = dyn FnMut(Occurrence) -> ControlFlow<()> + 'f;

impl CalendarObject {
    /// The occurrences that overlap `range` in order, at most `limit`. Times without a zone are those of `floating`.
    pub fn occurrences(&self, range: &Range<i64>, floating: &Zone, limit: usize) -> Result<Vec<Occurrence>, TooMany> {
        let mut occurrences = Vec::new();
        let mut is_over = false;
        self.visit(range, floating, &mut |occurrence| {
            is_over = occurrences.len() == limit;
            if is_over {
                return ControlFlow::Break(());
            }
            occurrences.push(occurrence);
            ControlFlow::Continue(())
        })?;
        if is_over {
            return Err(TooMany);
        }
        occurrences.sort_by_key(|one| (one.start, one.recurrence_id));
        // A local time that is skipped may be another one in UTC; it is one instance (RFC 5545 section 3.8.5.2).
        occurrences.dedup_by(|one, before| one.recurrence_id.is_some() && one.recurrence_id == before.recurrence_id);
        Ok(occurrences)
    }

    /// Calls `found` with each occurrence that overlaps `range`, those of overrides first.
    pub(crate) fn visit(&self, range: &Range<i64>, floating: &Zone, found: &mut Found<'_>) -> Result<(), TooMany> {
        let visit = self.search(range, floating);
        for one in &self.overrides {
            if self.visit_override(&visit, one, found).is_break() {
                return Ok(());
            }
        }
        let mut steps = Steps::of_a_search();
        for nth in 0..=self.futures.len() {
            if self.visit_segment(&visit, nth, &mut steps, found)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Calls `found` with what one component says of what overlaps `range`. Several searches may share their steps.
    pub(crate) fn visit_part(
        &self,
        part: usize,
        range: &Range<i64>,
        floating: &Zone,
        steps: &mut Steps,
        found: &mut Found<'_>,
    ) -> Result<(), TooMany> {
        let visit = self.search(range, floating);
        let nth = match self.override_of(part) {
            None => Some(0),
            Some(one) if self.visit_override(&visit, one, found).is_break() || !one.and_future => None,
            Some(one) => Some(self.futures.partition_point(|future| future.key <= one.key)),
        };
        nth.map_or(Ok(()), |nth| self.visit_segment(&visit, nth, steps, found).map(|_| ()))
    }

    fn search<'a>(&'a self, range: &Range<i64>, floating: &'a Zone) -> Visit<'a> {
        Visit { overrides: &self.overrides, range: bounded(range), floating }
    }

    /// What the component of an override says of its own instance.
    fn visit_override(&self, visit: &Visit<'_>, one: &Override, found: &mut Found<'_>) -> ControlFlow<()> {
        let id = recurrence_id(&self.form(), one.key);
        visit.start_alone(&self.parts[one.part as usize].schedule, one.part, Some(id), found)
    }

    /// The instances of the master up to the first override of all later ones, or those of the `nth` of these up to the next.
    fn visit_segment(
        &self,
        visit: &Visit<'_>,
        nth: usize,
        steps: &mut Steps,
        found: &mut Found<'_>,
    ) -> Result<ControlFlow<()>, TooMany> {
        let Some(master) = self.master else { return Ok(ControlFlow::Continue(())) };
        let schedule = &self.parts[master as usize].schedule;
        if schedule.recurrence.is_none() && self.overrides.is_empty() {
            return Ok(visit.start_alone(schedule, master, None, found));
        }
        match self.segment(nth, master) {
            Some(segment) => visit.segment(&segment, steps, found),
            None => Ok(ControlFlow::Continue(())),
        }
    }

    fn segment(&self, nth: usize, master: u32) -> Option<Segment<'_>> {
        let end = self.futures.get(nth).map_or(i64::MAX, |next| next.key);
        let master = Segment::whole(&self.parts[master as usize].schedule, master)?;
        let Some(one) = nth.checked_sub(1).map(|before| self.futures[before]) else {
            return Some(Segment { keys: i64::MIN..end, ..master });
        };
        let schedule = &self.parts[one.part as usize].schedule;
        let shift = self.shift(&one);
        Some(Segment { schedule, part: one.part, keys: one.key..end, shift, ..master })
    }

    /// How much later an override of all later instances starts than the rule says, as clocks show it.
    pub(crate) fn shift(&self, one: &Override) -> i64 {
        let moved = self.parts[one.part as usize].schedule.start.as_ref().map(|moved| moved.local);
        moved.map_or(0, |moved| moved - local_of_key(&self.form(), one.key))
    }

    /// Overrides that have nothing to do with a range: neither they nor the instances that they replace overlap it.
    pub(crate) fn overrides_outside(&self, range: &Range<i64>, floating: &Zone) -> Vec<usize> {
        let visit = Visit { overrides: &[], range: bounded(range), floating };
        let master = self.master.map(|master| &self.parts[master as usize].schedule);
        let form = self.form();
        let is_outside = |one: &&Override| {
            let schedule = &self.parts[one.part as usize].schedule;
            let is_met = visit.start_alone(schedule, one.part, None, &mut |_| ControlFlow::Break(())).is_break();
            let replaces = |master: &Schedule| {
                let added = Added { local: local_of_key(&form, one.key), late: 0, length: None };
                let replaced = visit.occurrence(master, &form, added, 0, None);
                overlaps(master.basis, &replaced, &visit.range) || (one.and_future && replaced.start < range.end)
            };
            !is_met && !master.is_some_and(replaces)
        };
        self.overrides.iter().filter(is_outside).map(|one| one.part as usize).collect()
    }
}

/// Calls `found` with what of a component without overrides overlaps `range`.
pub(crate) fn visit_schedule(
    schedule: &Schedule,
    range: &Range<i64>,
    floating: &Zone,
    steps: &mut Steps,
    found: &mut Found<'_>,
) -> Result<(), TooMany> {
    let visit = Visit { overrides: &[], range: bounded(range), floating };
    let Some(segment) = Segment::whole(schedule, 0) else { return Ok(()) };
    visit.segment(&segment, steps, found).map(|_| ())
}

/// Instances of which one component says what they are.
struct Segment<'a> {
    /// What makes them recur, and from when on.
    master: &'a Schedule,
    start: &'a Moment,
    schedule: &'a Schedule,
    part: u32,
    keys: Range<i64>,
    /// How much later than the rule says.
    shift: i64,
}

impl<'a> Segment<'a> {
    /// Every instance of a component, if it takes place at some time.
    fn whole(schedule: &'a Schedule, part: u32) -> Option<Segment<'a>> {
        let start = schedule.start.as_ref()?;
        Some(Segment { master: schedule, start, schedule, part, keys: i64::MIN..i64::MAX, shift: 0 })
    }
}

/// A search for occurrences in a range.
struct Visit<'a> {
    overrides: &'a [Override],
    range: Range<i64>,
    floating: &'a Zone,
}

impl Visit<'_> {
    /// What a component says of itself alone.
    fn start_alone(
        &self,
        schedule: &Schedule,
        part: u32,
        id: Option<RecurrenceId>,
        found: &mut Found<'_>,
    ) -> ControlFlow<()> {
        let Some(start) = &schedule.start else { return ControlFlow::Continue(()) };
        let added = Added { local: start.local, late: 0, length: None };
        let occurrence = self.occurrence(schedule, &start.form, added, part, id);
        if overlaps(schedule.basis, &occurrence, &self.range) { found(occurrence) } else { ControlFlow::Continue(()) }
    }

    /// The instances of a segment that nothing takes away.
    fn segment(
        &self,
        segment: &Segment<'_>,
        steps: &mut Steps,
        found: &mut Found<'_>,
    ) -> Result<ControlFlow<()>, TooMany> {
        let Segment { master, start, schedule, shift, .. } = *segment;
        let form = schedule.start.as_ref().map_or(&start.form, |moment| &moment.form);
        let recurrence = master.recurrence.as_deref();
        let within = self.local_times(segment, form);
        if within.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let mut starts = Starts::new(start, recurrence, within, steps)?;
        while let Some(added) = starts.next(steps)? {
            let key = match start.form.floats() {
                true => added.local,
                false => start.form.instant(added.local, self.floating) + added.late,
            };
            let is_overridden = || self.overrides.binary_search_by_key(&key, |one| one.key).is_ok();
            let is_excepted = || recurrence.is_some_and(|recurrence| recurrence.excepts(added.local, key));
            if !segment.keys.contains(&key) || is_excepted() || is_overridden() {
                continue;
            }
            let moved = match shift {
                0 => added,
                shift => Added { local: added.local + shift, late: 0, ..added },
            };
            let id = recurrence_id(&start.form, key);
            let occurrence = self.occurrence(schedule, form, moved, segment.part, Some(id));
            if overlaps(schedule.basis, &occurrence, &self.range) && found(occurrence).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The local times at which the rule may start what of a segment overlaps the range.
    fn local_times(&self, segment: &Segment<'_>, form: &Form) -> RangeInclusive<i64> {
        let Segment { master, start, schedule, shift, .. } = *segment;
        let recurrence = master.recurrence.as_deref();
        let longest = recurrence.map_or(schedule.length.nominal(), |recurrence| recurrence.longest(schedule.length));
        let slack = recurrence.map_or(MARGIN, Recurrence::slack);
        let first = form.local(self.range.start, self.floating) - longest - slack - shift;
        let last = form.local(self.range.end, self.floating) + slack - shift;
        let first = match segment.keys.start {
            i64::MIN => first,
            key => first.max(local_of_key(&start.form, key) - slack),
        };
        let last = match segment.keys.end {
            i64::MAX => last,
            key => last.min(local_of_key(&start.form, key) + slack),
        };
        first..=last
    }

    fn occurrence(
        &self,
        schedule: &Schedule,
        form: &Form,
        Added { local, late, length }: Added,
        part: u32,
        recurrence_id: Option<RecurrenceId>,
    ) -> Occurrence {
        let start = form.instant(local, self.floating) + late;
        let length = length.unwrap_or(schedule.length);
        let end = Schedule::end(length, form, local, start, self.floating).max(start);
        let is_date = matches!(form, Form::Date);
        Occurrence { start, end, recurrence_id, component: part as usize, is_date, local, length }
    }
}

/// A range within the time that can be written.
fn bounded(range: &Range<i64>) -> Range<i64> {
    range.start.max(civil::FIRST - MARGIN)..range.end.min(civil::LAST + MARGIN)
}

/// Periods and instances that are looked at in one search at most, by all rules and overrides together.
const MAX_STEPS: u32 = 200_000;

impl Steps {
    /// As many as one search has.
    pub fn of_a_search() -> Steps {
        Steps(MAX_STEPS)
    }
}

impl From<OutOfSteps> for TooMany {
    fn from(_: OutOfSteps) -> TooMany {
        TooMany
    }
}

/// More than any offset from UTC and any skipped time.
const MARGIN: i64 = 25 * 3600;

impl Recurrence {
    /// How far local times and UTC may disagree about what comes first.
    fn slack(&self) -> i64 {
        if self.series.iter().any(|series| series.is_within_days()) { 3 * 3600 } else { MARGIN }
    }
}

/// The local digits of an instance in the form of its master.
pub(crate) fn local_of_key(form: &Form, key: i64) -> i64 {
    if form.floats() { key } else { form.local(key, &Zone::utc()) }
}

fn recurrence_id(form: &Form, key: i64) -> RecurrenceId {
    match form {
        Form::Date => RecurrenceId::Date(key),
        Form::Floating => RecurrenceId::Floating(key),
        Form::Utc | Form::Zoned(_) => RecurrenceId::Utc(key),
    }
}

/// Whether an occurrence overlaps a range, by the tables of RFC 4791 section 9.9.
pub(crate) fn overlaps(basis: Basis, &Occurrence { start, end, .. }: &Occurrence, range: &Range<i64>) -> bool {
    match basis {
        Basis::Span if start == end => range.start <= start && range.end > start,
        Basis::Span => range.start < end && range.end > start,
        Basis::TodoDuration => range.start <= end && (range.end > start || range.end >= end),
        Basis::TodoDue => (range.start < end || range.start <= start) && (range.end > start || range.end >= end),
        Basis::Due => range.start < end && range.end >= end,
    }
}
