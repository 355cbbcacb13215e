//! What a calendar server meets: bad XML, bad objects, bad names, a remote in trouble, too many clients, prying users.

mod logins;
mod names;
mod objects;
mod peers;
mod remote;
mod sharing;
mod strain;
mod sync;
mod xml;
