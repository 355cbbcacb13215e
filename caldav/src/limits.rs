//! What a calendar may hold, as clients are told (RFC 4791 section 5.2).

/// The first moment that an object may be about, `CALDAV:min-date-time`.
pub const EARLIEST: &str = "00010101T000000Z";
/// The last one, `CALDAV:max-date-time`.
pub const LATEST: &str = "99991231T235959Z";
/// How many instances are looked at for one reply, `CALDAV:max-instances`.
pub const MAX_INSTANCES: usize = 10_000;
/// Who can be invited to one event, `CALDAV:max-attendees-per-instance`.
pub const MAX_ATTENDEES: usize = 500;
