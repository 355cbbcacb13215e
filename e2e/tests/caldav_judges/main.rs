//! Foreign judges and clients of a calendar server: each as it comes, against ours with nothing special.

mod curl;
mod khal;
mod libraries;
mod python_caldav;
mod server_tester;
mod webdav;
