//! What an attendee has made of an event stays, when the organizer sends it again (RFC 6638 section 3.2.8, RFC 5546 section 2.1.5).

use std::collections::BTreeSet;

use super::draft::{Draft, OWN, is_private};
use super::{Identify, Instance};
use crate::patch::{NewComponent, NewProperty};

/// An attendee's copy before the organizer's change.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// The copy.
    pub copy: &'a Draft,
    /// What the organizer had sent; what is not in it is the attendee's doing.
    pub sent: Option<&'a Draft>,
    /// Whose copy it is.
    pub who: &'a str,
    /// Instances that the organizer moves: who has answered answers again.
    pub rescheduled: &'a BTreeSet<Instance>,
}

impl Draft {
    /// What the organizer sends, with what the attendee has made of it.
    pub fn keeping(mut self, kept: Kept<'_>, identify: Identify<'_>) -> Draft {
        let Kept { copy, sent, rescheduled, .. } = kept;
        if !rescheduled.contains(&Instance::All) {
            let declined: BTreeSet<i64> = match sent {
                Some(sent) => copy.exceptions.difference(&sent.exceptions).copied().collect(),
                None => BTreeSet::new(),
            };
            for key in declined.iter().filter(|key| !rescheduled.contains(&Instance::One(**key))) {
                self.components.remove(&Instance::One(*key));
                self.exceptions.insert(*key);
            }
            self.add_own_instances(copy, sent);
        }
        for (instance, component) in &mut self.components {
            if let Some(own) = copy.component_for(*instance) {
                keep(component, own, (!rescheduled.contains(instance)).then_some(kept.who), identify);
            }
        }
        self
    }

    /// Instances that have a component of their own in the attendee's copy only, such as for another alarm.
    fn add_own_instances(&mut self, copy: &Draft, sent: Option<&Draft>) {
        let Some(sent) = sent.filter(|_| self.components.contains_key(&Instance::All)) else { return };
        let mut size = 0;
        for instance in copy.components.keys() {
            let Instance::One(key) = instance else { continue };
            let is_own = !sent.components.contains_key(instance) && !self.components.contains_key(instance);
            if is_own
                && !self.exceptions.contains(key)
                && let Some(component) = self.instance(*key)
            {
                size += component.size();
                if size > MAX_OWN {
                    break;
                }
                self.components.insert(*instance, component);
            }
        }
    }
}

/// Octets of instances that are an attendee's own at most; of further ones, only what the organizer says is kept.
const MAX_OWN: usize = 4 << 20;

/// Puts what is the attendee's own into what the organizer sends; the answer too, if `who` is given.
fn keep(component: &mut NewComponent, own: &NewComponent, who: Option<&str>, identify: Identify<'_>) {
    // How far a task has come is for who does it to say.
    let is_task = component.name.eq_ignore_ascii_case("VTODO") && !has(component, "STATUS", "CANCELLED");
    let is_own = |property: &NewProperty| {
        is_private(property.name()) || OWN.iter().any(|name| property.is(name)) || is_task && property.is("STATUS")
    };
    component.properties.retain(|property| !is_own(property));
    component.properties.extend(own.properties.iter().filter(|property| is_own(property)).cloned());
    component.components.clone_from(&own.components);
    let Some(who) = who else { return };
    let is_mine = |property: &&NewProperty| property.is("ATTENDEE") && identify(&property.value) == who;
    let Some(answer) = own.properties.iter().find(is_mine).and_then(|mine| mine.parameter("PARTSTAT")) else { return };
    if answer.eq_ignore_ascii_case("NEEDS-ACTION") {
        return;
    }
    for property in component.properties.iter_mut().filter(|property| is_mine(&&**property)) {
        *property = property.clone().with_parameter("PARTSTAT", &answer).without_parameter("RSVP");
    }
}

fn has(component: &NewComponent, name: &str, value: &str) -> bool {
    component.properties.iter().any(|property| property.is(name) && property.value.trim().eq_ignore_ascii_case(value))
}
