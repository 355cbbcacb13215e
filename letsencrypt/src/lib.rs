//! Certificates through DNS: whoever may update a name puts a signing request beside it and finds the certificate
//! there.
//!
//! [`records`] is how both lie in DNS, [`request`] and [`certificate`] what they are. A request comes with a zone
//! transfer ([`zones`]); [`policy`] says whether its sender may have it; [`certifier`], a state machine over virtual
//! time, when it is its turn; [`order`] takes it from there to the chain: an [`authority`] issues, [`registry`] writes
//! proofs, chains and words into DNS, [`propagation`] waits until every name server has them, [`status`] is what the
//! requester is told.
//!
//! [`client`] is the other side: how a program gets its own certificate. It needs none of the service.

#[cfg(feature = "service")]
pub mod authority;
pub mod certificate;
#[cfg(feature = "service")]
pub mod certifier;
pub mod client;
#[cfg(feature = "service")]
pub mod config;
pub mod exchange;
pub mod host_names;
pub mod keys;
#[cfg(feature = "service")]
pub mod metrics;
#[cfg(feature = "service")]
pub mod order;
pub mod pem;
#[cfg(feature = "service")]
pub mod policy;
#[cfg(feature = "service")]
pub mod propagation;
pub mod records;
#[cfg(feature = "service")]
pub mod registry;
pub mod request;
#[cfg(feature = "service")]
pub mod service;
pub mod status;
#[cfg(feature = "service")]
pub mod zones;
