//! Answers: what an attendee says by a change of the own copy, and what that changes in the copies of others.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::draft::{Draft, exceptions};
use super::people::{attendee, partstat, said};
use super::{Identify, Instance, component_for, has_instance, part_of, parts};
use crate::document::Component;
use crate::object::CalendarObject;
use crate::patch::{NewProperty, Patch};

/// Whether somebody takes part in an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The instance.
    pub instance: Instance,
    /// PARTSTAT, in capitals.
    pub partstat: String,
}

/// What else of a component is an answer.
const ALSO: [&str; 4] = ["COMPLETED", "PERCENT-COMPLETE", "COMMENT", "STATUS"];

/// What `who` answers by making of the first version of the own copy the second. To take an instance away is to decline it.
pub fn answers(
    before: Option<&CalendarObject>,
    after: &CalendarObject,
    who: &str,
    identify: Identify<'_>,
) -> Vec<Answer> {
    let now = |instance| partstat(after, instance, who, identify);
    let Some(before) = before else {
        let all = parts(after).filter_map(|(instance, _)| Some(Answer { instance, partstat: now(instance)? }));
        return all.filter(|answer| answer.partstat != "NEEDS-ACTION").collect();
    };
    let (had, has) = (exceptions(before), exceptions(after));
    let mut all: BTreeSet<Instance> = parts(before).chain(parts(after)).map(|(instance, _)| instance).collect();
    all.extend(had.symmetric_difference(&has).map(|key| Instance::One(*key)));
    let answer = |instance: Instance| {
        let is_in = |set: &BTreeSet<i64>| matches!(instance, Instance::One(key) if set.contains(&key));
        let then = partstat(before, instance, who, identify)?;
        let (partstat, is_new) = match (is_in(&had), is_in(&has)) {
            (_, true) => ("DECLINED".to_owned(), !is_in(&had)),
            (true, false) => (now(instance)?, true),
            (false, false) => (now(instance)?, now(instance)? != then || says_otherwise(before, after, instance)),
        };
        is_new.then_some(Answer { instance, partstat })
    };
    all.into_iter().filter_map(answer).collect()
}

fn says_otherwise(before: &CalendarObject, after: &CalendarObject, instance: Instance) -> bool {
    let values = |component: Component<'_>| -> Vec<(usize, String)> {
        let all = component.properties().filter_map(|property| {
            let name = ALSO.iter().position(|name| property.is(name))?;
            Some((name, property.value().trim_ascii().to_owned()))
        });
        all.collect()
    };
    component_for(before, instance).map(values) != component_for(after, instance).map(values)
}

/// An object in which `who` has answered: in the organizer's copy with the status of the message, in those of others without. An instance
/// that has no component of its own gets one, if there is such an instance. None if nothing is different, or `who` is not invited.
pub fn answered(
    object: &CalendarObject,
    answers: &[Answer],
    who: &str,
    status: Option<&str>,
    identify: Identify<'_>,
) -> Option<Bytes> {
    let change = |attendee: NewProperty, partstat: &str| {
        let attendee = attendee.with_parameter("PARTSTAT", partstat);
        match status {
            Some(status) => attendee.with_parameter("SCHEDULE-STATUS", status),
            None => attendee,
        }
    };
    let mut patch = Patch::new(object.document());
    let mut draft = None;
    let mut is_changed = false;
    for Answer { instance, partstat } in answers {
        if let Some(part) = part_of(object, *instance) {
            let Some(old) = attendee(object.component(part), who, identify) else { continue };
            let new = change(NewProperty::of(old), partstat);
            is_changed |= new != NewProperty::of(old);
            patch.replace(old, &new);
            continue;
        }
        let Instance::One(key) = *instance else { continue };
        let of_master = object.master().and_then(|part| attendee(object.component(part), who, identify));
        let Some(old) = of_master.filter(|old| said(*old) != *partstat && has_instance(object, key)) else { continue };
        let draft = draft.get_or_insert_with(|| Draft::of(object));
        let Some(mut component) = draft.instance(key) else { continue };
        let old = NewProperty::of(old);
        component.properties.iter_mut().filter(|one| **one == old).for_each(|one| *one = change(old.clone(), partstat));
        patch.add_component(object.document().root(), &component);
        is_changed = true;
    }
    is_changed.then(|| patch.finish())
}
