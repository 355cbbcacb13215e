//! What services have in common that are name servers, or follow one.
//!
//! [`dns`] decides and [`platform`] has the sockets; here is what joins them: [`answering`] takes messages in,
//! [`front`] is what they are decided with, [`notifications`] tells secondaries that a zone changed, [`follower`]
//! fetches zones from primaries, [`metrics`] is what is counted. What only one service does stands in that service.

pub mod answering;
pub mod follower;
pub mod front;
pub mod metrics;
pub mod notifications;
#[cfg(test)]
mod tests;
