//! What services have in common that are name servers, or follow one.
//!
//! [`dns`] decides and [`platform`] has the sockets; here is what joins them: [`notifications`] tells secondaries that a
//! zone changed. What only one service does stands in that service.

pub mod notifications;
