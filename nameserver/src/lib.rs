//! What services have in common that are name servers, or follow one.
//!
//! [`dns`] decides and [`platform`] has the sockets; here is what joins them: [`front`] is what a message is decided
//! with, [`notifications`] tells secondaries that a zone changed, [`follower`] fetches zones from primaries. What only
//! one service does stands in that service.

pub mod follower;
pub mod front;
pub mod notifications;
