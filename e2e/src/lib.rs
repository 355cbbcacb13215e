//! Real foreign software as parts of a test: how each is started, asked, and ended.
//!
//! A test starts from a [`world::World`] (an OpenSSH server, a bare repository with sample zones in it, our primary
//! serving them) or puts its own scene together from the same parts:
//!
//! - [`sshd`] and [`git`]: the remote that the primary pulls from and pushes to; [`proxy`] breaks the line between them;
//! - [`network`]: a network namespace with taps, for services that bring their own stack;
//! - [`primary`] (found by [`built`]): the program under test;
//! - [`nsd`], [`knot`], [`bind`]: secondaries that transfer from it, and primaries to measure it beside;
//! - [`letsencrypt`], [`pebble`], [`scripted_ca`]: our certificate service, and authorities for it;
//! - [`clients`]: dig, kdig, drill, nsupdate, knsupdate, ldns-notify;
//! - [`qemu`]: a virtual machine that boots an image of ours;
//! - [`caldav`] and [`http`]: the calendar server under test in a scene of its own, and requests that no client sends;
//! - [`node`]: libraries of npm, as clients; [`python`]: programs and libraries of PyPI, such as the second engine that recurrences are compared with;
//! - [`message`] and [`wire`]: DNS messages put together octet by octet, for what no tool sends. They share no code
//!   with the `dns` package, so that a misreading of an RFC there is not repeated here; [`records`] reads replies;
//! - [`samples`]: the zones and keys that the stories are told with.
//!
//! Every part listens on a free loopback port, is awaited by what it says and not by a pause, is ended by its process
//! id when its value is dropped, and shows what it printed when the test fails.
//!
//! The tests need Debian packages, so they are `#[ignore]`d; `cargo e2e` installs the packages and runs all of them.

// This package is test code from end to end: a failed expectation has to stop the test and say so on the terminal.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

pub mod bad_primary;
pub mod bind;
pub mod built;
pub mod caldav;
pub mod clients;
pub mod folder;
pub mod git;
pub mod http;
pub mod knot;
pub mod letsencrypt;
pub mod message;
pub mod network;
pub mod node;
pub mod nsd;
pub mod pebble;
pub mod ports;
pub mod primary;
pub mod process;
pub mod proxy;
pub mod python;
pub mod qemu;
pub mod random;
pub mod records;
pub mod samples;
pub mod scripted_ca;
pub mod secondary;
pub mod sshd;
pub mod wait;
pub mod web_ui;
pub mod wire;
pub mod world;
