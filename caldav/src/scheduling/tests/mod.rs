//! Stories of invitations: who stores what, and what the others find.

mod answers;
mod box_of_messages;
mod hostile;
mod invitations;
mod when_others_are_busy;

/// A meeting of alice's, with these lines in it.
fn meeting(lines: &str) -> String {
    let lines: String =
        lines.split('|').filter(|line| !line.is_empty()).map(|line| format!("{}\n", line.trim())).collect();
    format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//\nBEGIN:VEVENT\nUID:lunch\nDTSTAMP:20260301T000000Z\nSUMMARY:Team lunch\n\
         ORGANIZER:mailto:alice@example.org\n{lines}END:VEVENT\nEND:VCALENDAR\n"
    )
}

const AT_NOON: &str = "DTSTART:20260304T120000Z|DTEND:20260304T130000Z|";
const AT_ONE: &str = "DTSTART:20260304T130000Z|DTEND:20260304T140000Z|";
const DAILY: &str = "DTSTART:20260304T120000Z|DTEND:20260304T130000Z|RRULE:FREQ=DAILY;COUNT=5|";
const BOB: &str = "ATTENDEE:mailto:bob@example.org|";
const CAROL: &str = "ATTENDEE:mailto:carol@example.org|";
const PATH: &str = "/calendars/alice/work/lunch.ics";

/// Alice has invited bob and carol for noon.
fn invited() -> crate::testing::Server {
    let mut server = crate::testing::Server::of(&["alice", "bob", "carol"]);
    server.put("alice", PATH, &meeting(&format!("{AT_NOON}{BOB}{CAROL}")));
    server
}

/// Where somebody has the meeting.
fn copy_of(server: &crate::testing::Server, user: &str) -> String {
    let names = server.names(&format!("calendars/{user}/work"));
    assert_eq!(names.len(), 1);
    format!("/calendars/{user}/work/{}", names[0])
}

/// Somebody stores the own copy with an answer.
fn answer(server: &mut crate::testing::Server, user: &str, partstat: &str) {
    let path = copy_of(server, user);
    let text = answered(&server.only(user), user, partstat);
    server.put(user, &path, &text);
}

/// A copy in which somebody has answered.
fn answered(copy: &str, user: &str, partstat: &str) -> String {
    let answer = |line: &str| match line.starts_with("ATTENDEE") && line.ends_with(&format!("{user}@example.org")) {
        true => format!("ATTENDEE;PARTSTAT={partstat}:mailto:{user}@example.org\n"),
        false => format!("{line}\n"),
    };
    copy.lines().map(answer).collect()
}
