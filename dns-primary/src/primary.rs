//! What a primary does about the requests that [`dns::server`] hands back: UPDATE and NOTIFY.
//!
//! Rights follow from the names of keys as MirageOS's primary reads them.

use dns::keys::Right;
use dns::message::Opcode;
use dns::server::Request;

/// What is to be done about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Change zones; each name in the update needs its right, which is looked at there.
    Update,
    /// Pull: somebody has pushed.
    Pull,
    /// Nothing: REFUSED.
    Refuse,
}

impl Task {
    /// Looks at who asks for what.
    pub fn of(request: &Request) -> Task {
        let may_notify = || request.question().is_some_and(|question| request.may(Right::Notify, &question.name));
        match request.message.header.opcode {
            Opcode::UPDATE if request.verification.is_some() => Task::Update,
            Opcode::NOTIFY if may_notify() => Task::Pull,
            _ => Task::Refuse,
        }
    }
}

#[cfg(test)]
mod tests;
