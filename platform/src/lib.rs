//! What a service stands on: the network, the clock, entropy, memory, boot arguments, logs, metrics and the seal.
//!
//! A service's `main` calls [`run`] and is handed a [`Boot`]: everything it may touch of the world outside. Nothing
//! above this crate knows whether the octets travel over the host's sockets or over a network stack of our own.
//!
//! On a stack of our own ([`net`], with `--ipv4` and its like) a service is one thread that needs six system calls once
//! [`Boot::seal`] was called. Its memory is an [`Arena`], which each service's `main.rs` installs.

mod arena;
pub mod boot;
pub mod clock;
mod descriptor;
pub mod entropy;
mod frames;
pub mod links;
pub mod listen;
pub mod log;
pub mod memory;
pub mod metrics;
pub mod net;
mod run;
pub mod seal;
mod shutdown;

pub use arena::Arena;
pub use boot::{ArgumentError, BootError, CommonArguments};
pub use metrics::Metrics;
pub use net::Net;
pub use run::{Boot, Program, run};
pub use shutdown::Shutdown;
