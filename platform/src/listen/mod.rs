//! Servers of request and reply, for protocols whose messages come as datagrams or, with two octets of length in front, over
//! TCP (RFC 1035 section 4.2). What a message means is the caller's business.

pub mod datagrams;
pub mod numbered;
pub mod sockets;
pub mod speaker;
pub mod streams;
