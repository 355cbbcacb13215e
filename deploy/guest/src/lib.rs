//! The arithmetic of the guest kernel: everything that needs no machine, and is tested on the host.
//!
//! The kernel itself is `main.rs` and what it names; README.md says how it boots and which system calls it serves.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
// What starts empty is made once, in a static.
#![allow(clippy::new_without_default)]

pub mod areas;
pub mod calendar;
pub mod cmdline;
pub mod elf;
pub mod epoll;
pub mod files;
pub mod frames;
pub mod generator;
pub mod lz4;
pub mod paging;
pub mod payload;
pub mod ring;
pub mod scale;
pub mod start_stack;
