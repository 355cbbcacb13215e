//! Why a transfer into this server failed.

use crate::message::Rcode;
use crate::record::Serial;
use crate::tsig::ChainError;
use crate::wire::WireError;
use crate::zone::ZoneProblem;

/// What is wrong with an answer. At fault: the primary, or who is on the way to it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TransferError {
    /// Its octets.
    #[error("the answer is malformed: {0}")]
    Malformed(#[from] WireError),
    /// ID, opcode or the bit of a response.
    #[error("the message is not an answer to what was asked")]
    NotTheAnswer,
    /// It repeats another question.
    #[error("the answer is to another question")]
    OtherQuestion,
    /// TC over TCP.
    #[error("the answer is cut short")]
    Truncated,
    /// An RCODE that is an error.
    #[error("the primary answers {0}")]
    Refused(Rcode),
    /// TSIG.
    #[error("{0}")]
    Signature(#[from] ChainError),
    /// A message that came twice, where each is signed on its own.
    #[error("a message of the answer came twice")]
    Replayed,
    /// A message without records: those could come for ever.
    #[error("a message of the answer is empty")]
    Empty,
    /// A record that no zone has: other class, question type, no data.
    #[error("the answer has a record that cannot be in a zone")]
    NotARecord,
    /// The answer does not begin with the zone's SOA.
    #[error("the answer does not begin with the zone's SOA record")]
    NoSoa,
    /// Not newer than what is held, or older than what was promised.
    #[error("the answer has serial {came}{}{}", .held.map(|s| format!("; {s} is held")).unwrap_or_default(), .expected.map(|s| format!("; {s} was announced")).unwrap_or_default())]
    Serial {
        /// Of the answer.
        came: Serial,
        /// Of the version that is held.
        held: Option<Serial>,
        /// That the primary said before.
        expected: Option<Serial>,
    },
    /// The first and the last SOA differ, or one does not continue where the last one ended.
    #[error("the answer's SOA records do not fit together")]
    SoaSequence,
    /// Records behind the last SOA.
    #[error("there are records behind the end of the zone")]
    AfterEnd,
    /// [`super::Limits::octets`].
    #[error("the answer has too many octets")]
    TooManyOctets,
    /// [`super::Limits::records`].
    #[error("the answer has too many records")]
    TooManyRecords,
    /// The differences do not fit what is held.
    #[error("the differences do not fit the version that is held: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    DoesNotFit(Vec<ZoneProblem>),
    /// What came is not a zone.
    #[error("what came is not a zone: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    NotAZone(Vec<ZoneProblem>),
}

impl TransferError {
    /// Whether the whole zone may be had where its differences are not: nobody lied, and nothing is too large.
    pub(super) fn is_of_steps(&self) -> bool {
        use TransferError::*;
        match self {
            Malformed(_) | Refused(_) | NotARecord | NoSoa | SoaSequence | AfterEnd | DoesNotFit(_) | Empty => true,
            Truncated | NotAZone(_) | OtherQuestion => true,
            NotTheAnswer | Signature(_) | Replayed | Serial { .. } | TooManyOctets | TooManyRecords => false,
        }
    }
}
