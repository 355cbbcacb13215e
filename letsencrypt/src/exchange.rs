//! Questions and signed updates to one DNS server, over one TCP connection that is opened again when it has ended.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use dns::keys::Key;
use dns::message::{Header, Message, MessageRecord, Opcode, Question, Rcode};
use dns::tsig::{FUDGE, ReplyError, sign_request};
use dns::wire::WireError;
use dns::{Class, Name, Rdata, RecordType};
use platform::net::TcpStream;
use platform::{Net, clock, entropy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// How long a server may take: an update is answered when the primary's remote has it.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why there is no good answer.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// At fault: the network, or the server.
    #[error("{server} cannot be asked: {error}")]
    Io {
        /// Who was asked.
        server: SocketAddr,
        /// What happened.
        error: io::Error,
    },
    /// At fault: the server.
    #[error("{server} sends what cannot be understood: {error}")]
    Malformed {
        /// Who was asked.
        server: SocketAddr,
        /// What is wrong.
        error: WireError,
    },
    /// At fault: the server, or whoever answers in its place.
    #[error("{0} answers another question")]
    Unrelated(SocketAddr),
    /// At fault: who set up the key, or a clock.
    #[error("{server}: {error}")]
    Signature {
        /// Who was asked.
        server: SocketAddr,
        /// What is wrong.
        error: ReplyError,
    },
    /// The server says no.
    #[error("{server} answers {rcode} to {what}")]
    Refused {
        /// Who was asked.
        server: SocketAddr,
        /// What it answered.
        rcode: Rcode,
        /// What was asked for.
        what: String,
    },
}

/// A server and the connection to it.
#[derive(Debug)]
pub struct Exchange {
    net: Net,
    server: SocketAddr,
    stream: Option<TcpStream>,
}

/// The answer to a question: what an authoritative server holds at a name.
#[derive(Clone, Debug)]
pub struct Answer {
    /// NOERROR or NXDOMAIN.
    pub rcode: Rcode,
    /// Whether the server has the zone.
    pub authoritative: bool,
    /// Data of the type that was asked for, at the name or at the end of its aliases.
    pub rdatas: Vec<Rdata>,
    /// The authority section: where nothing was found, the SOA of the zone.
    pub authorities: Vec<MessageRecord>,
}

impl Exchange {
    /// No connection yet.
    pub fn new(net: Net, server: SocketAddr) -> Exchange {
        Exchange { net, server, stream: None }
    }

    /// The server.
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    /// What the server holds of a type at a name.
    pub async fn ask(&mut self, name: &Name, rtype: RecordType) -> Result<Answer, ExchangeError> {
        let mut request = Message::new(Header::request(entropy::u16(), Opcode::QUERY));
        request.questions.push(Question { name: name.clone(), rtype, class: Class::IN });
        let reply = self.round_trip(&request.encode()).await?;
        let reply = self.related(&request, &reply)?;
        match reply.header.rcode {
            Rcode::NOERROR | Rcode::NXDOMAIN => {
                let records = reply.answers.into_iter().filter(|record| record.rtype == rtype);
                Ok(Answer {
                    rcode: reply.header.rcode,
                    authoritative: reply.header.authoritative,
                    rdatas: records.filter_map(|record| record.rdata).collect(),
                    authorities: reply.authorities,
                })
            }
            rcode => Err(self.refused(rcode, format!("{name} {rtype}"))),
        }
    }

    /// Sends a signed UPDATE of `zone` (RFC 2136) and waits until it is accepted.
    pub async fn update(
        &mut self,
        zone: &Name,
        key: &Key,
        prerequisites: Vec<MessageRecord>,
        changes: Vec<MessageRecord>,
    ) -> Result<(), ExchangeError> {
        let mut request = Message::new(Header::request(entropy::u16(), Opcode::UPDATE));
        request.questions.push(Question { name: zone.clone(), rtype: RecordType::SOA, class: Class::IN });
        (request.answers, request.authorities) = (prerequisites, changes);
        let signed = sign_request(request.encode(), key, clock::unix_seconds(), FUDGE);
        let reply = self.round_trip(&signed.octets).await?;
        let reply = signed.sent.verify_reply(&reply, clock::unix_seconds());
        let reply = reply.map_err(|error| ExchangeError::Signature { server: self.server, error })?;
        match self.related(&request, &reply)?.header.rcode {
            Rcode::NOERROR => Ok(()),
            rcode => Err(self.refused(rcode, format!("an update of {zone}"))),
        }
    }

    fn refused(&self, rcode: Rcode, what: String) -> ExchangeError {
        ExchangeError::Refused { server: self.server, rcode, what }
    }

    fn related(&self, request: &Message, reply: &[u8]) -> Result<Message, ExchangeError> {
        let server = self.server;
        let reply = Message::decode(reply).map_err(|error| ExchangeError::Malformed { server, error })?;
        let (ours, theirs) = (&request.header, &reply.header);
        let same = theirs.response && theirs.id == ours.id && theirs.opcode == ours.opcode;
        // A server that could not read the request may leave out the question.
        let question = reply.questions == request.questions || reply.questions.is_empty();
        if same && question { Ok(reply) } else { Err(ExchangeError::Unrelated(server)) }
    }

    /// Once more on a new connection, when the old one had ended: servers close idle ones.
    async fn round_trip(&mut self, message: &[u8]) -> Result<Vec<u8>, ExchangeError> {
        let server = self.server;
        let reply = timeout(PATIENCE, async {
            if let Some(mut stream) = self.stream.take()
                && let Ok(reply) = converse(&mut stream, message).await
            {
                self.stream = Some(stream);
                return Ok(reply);
            }
            let mut stream = self.net.tcp_connect(server).await?;
            let reply = converse(&mut stream, message).await?;
            self.stream = Some(stream);
            Ok(reply)
        });
        let reply = reply.await.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time")));
        reply.map_err(|error| ExchangeError::Io { server, error })
    }
}

async fn converse(stream: &mut TcpStream, message: &[u8]) -> io::Result<Vec<u8>> {
    let too_long = |_| io::Error::other("the message is longer than 65,535 octets");
    let length = u16::try_from(message.len()).map_err(too_long)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await?;
    let mut reply = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut reply).await?;
    Ok(reply)
}

/// An update's line that adds a record.
pub fn addition(owner: &Name, rtype: RecordType, ttl: u32, rdata: Rdata) -> MessageRecord {
    MessageRecord { owner: owner.clone(), rtype, class: Class::IN, ttl, rdata: Some(rdata) }
}

/// An update's line that removes one record.
pub fn removal(owner: &Name, rtype: RecordType, rdata: Rdata) -> MessageRecord {
    MessageRecord { owner: owner.clone(), rtype, class: Class::NONE, ttl: 0, rdata: Some(rdata) }
}

/// An update's line that removes all records of a type.
pub fn removal_of_all(owner: &Name, rtype: RecordType) -> MessageRecord {
    MessageRecord { owner: owner.clone(), rtype, class: Class::ANY, ttl: 0, rdata: None }
}
