//! How calendars and users lie in git.
//!
//! ```text
//! calendars/OWNER/CALENDAR/NAME.ics          the octets that a client sent
//! calendars/OWNER/CALENDAR/.calendar.toml    name, colour, shares, … of the calendar
//! users/NAME.toml                            password, groups, … of a user
//! groups/NAME.toml                           a group, where it has more than its members
//! ```

pub mod collection;
pub mod group;
pub mod names;
pub mod robur;
pub(crate) mod toml_text;
pub mod trailer;
pub mod user;

/// What is wrong with a file of the repository. At fault: who pushed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// Where, if that is known.
    pub line: Option<u32>,
    /// What.
    pub reason: String,
}

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl std::error::Error for FileError {}
