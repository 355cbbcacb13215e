//! From question to question: which primary is asked, what its answer means, when to ask again.

use super::life::{self, Again, Round};
use super::{Effect, Moment, Origin, Secondary, Served, Timer, Trouble};
use crate::name::Name;
use crate::record::Serial;
use crate::transfer::incoming::NewVersion;

/// What came of asking one primary.
pub(super) enum Answer {
    UpToDate,
    Behind(Serial),
    NewVersion(Box<NewVersion>),
    Gone,
    Failed(Trouble),
}

impl Secondary {
    /// Starts a round unless there is one.
    pub(super) fn check(&mut self, apex: &Name, moment: &mut Moment<'_>) {
        let Some(life) = self.zones.get(apex) else { return };
        let again = life.again.unwrap_or(Again { primary: life.preferred, hint: None, signed: true });
        self.start_round(apex, again, moment);
    }

    pub(super) fn start_round(&mut self, apex: &Name, first: Again, moment: &mut Moment<'_>) {
        let Some(life) = self.zones.get_mut(apex).filter(|life| life.round.is_none()) else { return };
        let any_version = life.zone.is_none();
        life.round = Some(Round { primary: first.primary, tried: 0, hint: first.hint, any_version });
        life.again = None;
        self.timers.clear(&Timer::Check(apex.clone()));
        self.ask(apex, moment);
    }

    /// An answer to the round's question.
    pub(super) fn answered(&mut self, apex: &Name, answer: Answer, moment: &mut Moment<'_>) {
        let Some(life) = self.zones.get_mut(apex) else { return };
        let Some(address) = life.asked().map(|primary| primary.address) else { return };
        match answer {
            Answer::UpToDate => self.confirmed(apex, moment),
            Answer::NewVersion(version) => self.arrived(apex, *version, moment),
            Answer::Gone => self.gone(apex, moment),
            // What has expired is worth less than anything a primary has.
            Answer::Behind(_) if life.expired => {
                if let Some(round) = &mut life.round {
                    (round.any_version, round.hint) = (true, None);
                }
                self.ask(apex, moment);
            }
            Answer::Behind(serial) => {
                self.trouble(apex, Some(address), Trouble::Behind(serial));
                self.ask_next(apex, moment);
            }
            Answer::Failed(trouble) => {
                self.trouble(apex, Some(address), trouble);
                self.ask_next(apex, moment);
            }
        }
    }

    /// The next primary, or later all of them again.
    fn ask_next(&mut self, apex: &Name, moment: &mut Moment<'_>) {
        let Some(life) = self.zones.get_mut(apex) else { return };
        let count = life.primaries.len();
        let Some(round) = &mut life.round else { return };
        round.tried += 1;
        if round.tried < count {
            round.primary = (round.primary + 1) % count;
            round.hint = None;
            return self.ask(apex, moment);
        }
        life.round = None;
        life.failures = life.failures.saturating_add(1);
        let wait = life.retry((moment.random)());
        self.timers.set(Timer::Check(apex.clone()), moment.elapsed + wait);
    }

    fn confirmed(&mut self, apex: &Name, moment: &mut Moment<'_>) {
        let revived = self.zones.get_mut(apex).and_then(|life| {
            let primary = life.asked()?.address;
            let zone = life.zone.clone().filter(|_| std::mem::take(&mut life.expired))?;
            Some(Served { zone, steps: None, primary })
        });
        if let Some(served) = revived {
            self.effects.push(Effect::Serve(served));
        }
        self.end_round_well(apex, moment);
    }

    fn arrived(&mut self, apex: &Name, version: NewVersion, moment: &mut Moment<'_>) {
        let NewVersion { zone, steps, ignored } = version;
        let Some(life) = self.zones.get_mut(apex) else { return };
        let Some(primary) = life.asked().map(|primary| primary.address) else { return };
        let steps = steps.filter(|_| !life.expired);
        life.zone = Some(zone.clone());
        (life.expired, life.absent) = (false, false);
        let is_catalog = life.origin == Origin::Catalog;
        if ignored > 0 {
            self.trouble(apex, Some(primary), Trouble::Ignored(ignored));
        }
        self.effects.push(Effect::Serve(Served { zone, steps, primary }));
        self.end_round_well(apex, moment);
        if is_catalog {
            self.read_catalogs(moment);
        }
    }

    /// The zone is what a primary says it is, as of now.
    fn end_round_well(&mut self, apex: &Name, moment: &mut Moment<'_>) {
        let Some(life) = self.zones.get_mut(apex) else { return };
        if let Some(round) = life.round.take() {
            life.preferred = round.primary;
        }
        life.failures = 0;
        // What a NOTIFY announced meanwhile may be here already.
        let again = life.again.filter(|again| again.hint.is_none_or(|serial| life.wants(serial)));
        life.again = again;
        let refresh = life.refresh((moment.random)());
        if let Some(zone) = &life.zone {
            self.timers.set(Timer::Expire(apex.clone()), moment.elapsed + life::expire(&zone.soa()));
        }
        self.timers.set(Timer::Check(apex.clone()), moment.elapsed + refresh);
        let Some(again) = again else { return };
        match if again.signed { Ok(()) } else { life.unsigned.take(moment.elapsed) } {
            Ok(()) => self.start_round(apex, again, moment),
            Err(later) => self.timers.set(Timer::Check(apex.clone()), later),
        }
    }

    /// MirageOS: a signed NOTAUTH takes a zone away, unless an operator or a catalog wants it.
    fn gone(&mut self, apex: &Name, moment: &mut Moment<'_>) {
        let Some(life) = self.zones.get_mut(apex) else { return };
        match life.origin {
            // That is what it is asked for: the primary knows of us now.
            Origin::Bootstrap => self.end_round_well(apex, moment),
            Origin::Notified => self.remove(apex, moment),
            Origin::Key => {
                life.zone = None;
                if !std::mem::replace(&mut life.absent, true) {
                    self.effects.push(Effect::Remove { apex: apex.clone() });
                    self.timers.clear(&Timer::Expire(apex.clone()));
                }
                self.failed(apex, Trouble::Gone, moment);
            }
            Origin::Configured | Origin::Catalog | Origin::Member { .. } => self.failed(apex, Trouble::Gone, moment),
        }
    }

    pub(super) fn failed(&mut self, apex: &Name, trouble: Trouble, moment: &mut Moment<'_>) {
        self.answered(apex, Answer::Failed(trouble), moment);
    }

    /// RFC 1035 section 3.3.13: no longer authoritative. What was there is kept, to be confirmed or built upon.
    pub(super) fn expire(&mut self, apex: &Name, _moment: &mut Moment<'_>) {
        let Some(life) = self.zones.get_mut(apex) else { return };
        life.expired = true;
        self.effects.push(Effect::Unavailable { apex: apex.clone() });
        self.trouble(apex, None, Trouble::Expired);
    }
}
