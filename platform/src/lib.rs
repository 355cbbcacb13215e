//! What a service stands on: the network, the clock, boot arguments, logs and metrics.
//!
//! A service's `main` calls [`run`] and is handed a [`Boot`]: everything it may touch of the world outside. Nothing above
//! this crate knows whether the octets travel over the host's sockets or over a network stack of our own.

pub mod net;

pub use net::Net;
