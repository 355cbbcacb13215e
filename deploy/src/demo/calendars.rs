//! The demo's calendars: a repository with two users and something in their weeks, and `caldav` serving it.

use std::net::SocketAddr;
use std::path::Path;

use caldav::password;
use caldav::repository::user;
use platform::{clock, entropy};
use tokio::process::{Child, Command};

use super::Error;
use super::scene::start;
use crate::git_server::GitServer;

/// The bare repository.
pub const REPOSITORY: &str = "calendars.git";
/// Who the demo logs in as.
pub const USER: &str = "alice";
/// Somebody to invite and to share with.
pub const OTHER: &str = "bob";

/// A password that can be typed.
pub fn password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567891";
    let letters = entropy::octets::<12>().map(|octet| char::from(LETTERS[usize::from(octet) % 32]));
    let word = |range: std::ops::Range<usize>| letters[range].iter().collect::<String>();
    format!("{}-{}-{}", word(0..4), word(4..8), word(8..12))
}

/// What is in the repository at first.
pub fn files(password: &str) -> Result<Vec<(String, String)>, Error> {
    let mut files = vec![
        (user::path(USER), account("Alice", "alice@example.com", password, true)?),
        (user::path(OTHER), account("Bob", "bob@example.com", password, false)?),
        (calendar(USER, "work"), "display_name = \"Work\"\ncolor = \"#3b6fd4\"\norder = 1\n".to_owned()),
        (calendar(USER, "home"), "display_name = \"Home\"\ncolor = \"#2f9e6e\"\norder = 2\n".to_owned()),
        (
            calendar(OTHER, "team"),
            "display_name = \"Team\"\ncolor = \"#c2571a\"\n\n[[share]]\nwith = \"alice\"\naccess = \"read-write\"\n"
                .to_owned(),
        ),
    ];
    let today = clock::unix_seconds() / 86_400;
    // The Monday of this week: 1970 began on a Thursday.
    let monday = today - (today + 3) % 7;
    for (number, event) in EVENTS.iter().enumerate() {
        let path = format!("calendars/{}/demo-{number}.ics", event.calendar);
        files.push((path, event.text(number, monday)));
    }
    files.push((format!("calendars/{USER}/home/demo-bread.ics"), todo(today)));
    Ok(files)
}

fn calendar(owner: &str, name: &str) -> String {
    format!("calendars/{owner}/{name}/.calendar.toml")
}

fn account(name: &str, email: &str, password: &str, is_administrator: bool) -> Result<String, Error> {
    let hash = password::hash(password, entropy::octets());
    let failed = |error: caldav::repository::FileError| Error::Accounts(error.to_string());
    let text = user::set_display_name("", Some(name)).map_err(failed)?;
    let text = user::set_email(&text, &[email.to_owned()]).map_err(failed)?;
    let text = user::set_password(&text, Some(&hash)).map_err(failed)?;
    user::set_administrator(&text, is_administrator).map_err(failed)
}

/// An event of the demo, told from the Monday of this week.
struct Event {
    calendar: &'static str,
    summary: &'static str,
    day: u64,
    /// Begin and end as hours and minutes; none for a whole day.
    time: Option<(&'static str, &'static str)>,
    more: &'static str,
}

const EVENTS: [Event; 9] = [
    Event {
        calendar: "alice/work",
        summary: "Stand-up",
        day: 0,
        time: Some(("0900", "0915")),
        more: "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\r\n",
    },
    Event {
        calendar: "alice/work",
        summary: "Team lunch",
        day: 1,
        time: Some(("1200", "1300")),
        more: "LOCATION:Canteen\r\n",
    },
    Event { calendar: "alice/work", summary: "Review of the zones", day: 2, time: Some(("1400", "1530")), more: "" },
    Event { calendar: "alice/work", summary: "Release", day: 3, time: None, more: "" },
    Event {
        calendar: "alice/home",
        summary: "Choir",
        day: 2,
        time: Some(("1930", "2115")),
        more: "RRULE:FREQ=WEEKLY;INTERVAL=2\r\n",
    },
    Event {
        calendar: "alice/home",
        summary: "Dentist",
        day: 4,
        time: Some(("0800", "0845")),
        more: "CLASS:PRIVATE\r\n",
    },
    Event { calendar: "alice/home", summary: "Weekend at the lake", day: 5, time: None, more: "" },
    Event {
        calendar: "bob/team",
        summary: "Planning",
        day: 0,
        time: Some(("1000", "1130")),
        more: "RRULE:FREQ=WEEKLY\r\n",
    },
    Event { calendar: "bob/team", summary: "Retrospective", day: 4, time: Some(("1500", "1600")), more: "" },
];

impl Event {
    fn text(&self, number: usize, monday: u64) -> String {
        let day = date(monday + self.day);
        let times = match self.time {
            Some((begin, end)) => format!("DTSTART:{day}T{begin}00\r\nDTEND:{day}T{end}00\r\n"),
            None => format!("DTSTART;VALUE=DATE:{day}\r\nDTEND;VALUE=DATE:{}\r\n", date(monday + self.day + 1)),
        };
        object("VEVENT", &format!("demo-{number}"), &format!("{times}SUMMARY:{}\r\n{}", self.summary, self.more))
    }
}

fn todo(today: u64) -> String {
    object("VTODO", "demo-bread", &format!("DUE;VALUE=DATE:{}\r\nSUMMARY:Buy bread\r\n", date(today + 1)))
}

fn object(component: &str, uid: &str, lines: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//gitstead//demo//EN\r\nBEGIN:{component}\r\nUID:{uid}\r\n\
         DTSTAMP:20260101T000000Z\r\n{lines}END:{component}\r\nEND:VCALENDAR\r\n"
    )
}

/// `20260131`
fn date(day: u64) -> String {
    clock::rfc3339(day * 86_400)[..10].replace('-', "")
}

/// Starts `caldav`.
pub fn serve(program: &Path, folder: &Path, git_server: &GitServer, address: SocketAddr) -> Result<Child, Error> {
    let mut command = Command::new(program);
    command.args(["--remote", &format!("ssh://git@{}/{REPOSITORY}#main", git_server.address())]);
    command.arg("--ssh-key-file").arg(folder.join("key"));
    command.args(["--ssh-authenticator", git_server.fingerprint(), "--listen", &address.to_string()]);
    command.args(["--hostname", "example.com", "--poll", "1"]);
    start("caldav", &mut command, folder)
}
