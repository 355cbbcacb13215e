//! How calendars and users lie in git.
