//! Who is told of which properties, and what can be set is told.

use crate::testing::{Reply, Server};

const NAMESPACES: &str = "xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav' xmlns:S='http://calendarserver.org/ns/'";

fn propfind(server: &mut Server, user: &str, path: &str, inner: &str) -> Reply {
    server.ask(user, &format!("PROPFIND {path}\nDepth: 0\n\n<propfind {NAMESPACES}>{inner}</propfind>"))
}

fn proppatch(server: &mut Server, user: &str, path: &str, properties: &str) -> Reply {
    let body = format!("<propertyupdate {NAMESPACES}><set><prop>{properties}</prop></set></propertyupdate>");
    server.ask(user, &format!("PROPPATCH {path}\n\n{body}"))
}

fn shared(access: &str) -> Server {
    let share = format!(
        "display_name = 'Secret'\n[[share]]\nwith = 'bob'\naccess = '{access}'\n\
         [[property]]\nnamespace = 'urn:x'\nname = 'y'\nvalue = 'Secret'\n"
    );
    let home = "[[property]]\nnamespace = 'urn:x'\nname = 'y'\nvalue = 'Secret'\n";
    let server = Server::of(&["alice", "bob"]).with("calendars/alice/.collection.toml", home);
    server.with("calendars/alice/work/.calendar.toml", &share)
}

#[test]
fn who_may_ask_when_somebody_is_busy_learns_nothing_else() {
    let mut server = shared("free-busy");
    let asked = "<prop><displayname/><getetag/><S:getctag/><resourcetype/><owner/><y xmlns='urn:x'/></prop>";
    let reply = propfind(&mut server, "bob", "/calendars/alice/work/", asked).body;
    let (found, missing) = reply.split_once("200 OK").unwrap();
    assert!(found.contains("resourcetype>") && found.contains("owner>"), "{reply}");
    assert!(!found.contains("getetag") && !found.contains("getctag") && !reply.contains("Secret"), "{reply}");
    assert!(missing.contains("displayname"), "{reply}");
    let all = propfind(&mut server, "bob", "/calendars/alice/work/", "<allprop/>").body;
    assert!(!all.contains("Secret") && !all.contains("getetag"), "{all}");
}

#[test]
fn the_home_of_another_tells_nothing_of_what_is_not_shared() {
    let mut server = shared("read");
    let asked = "<prop><S:getctag/><y xmlns='urn:x'/><resourcetype/></prop>";
    let own = propfind(&mut server, "alice", "/calendars/alice/", asked).body;
    assert!(own.contains("Secret") && !own.contains("404"), "{own}");
    let other = propfind(&mut server, "bob", "/calendars/alice/", asked).body;
    let (found, missing) = other.split_once("200 OK").unwrap();
    assert!(!found.contains("getctag") && missing.contains("getctag") && !other.contains("Secret"), "{other}");
    let shared = propfind(&mut server, "bob", "/calendars/alice/work/", asked).body;
    assert!(shared.contains("Secret"), "{shared}");
}

#[test]
fn a_display_name_that_was_set_is_told() {
    let mut server = Server::of(&["alice"]).with("calendars/alice/files/.collection.toml", "");
    server.put("alice", "/calendars/alice/files/a.txt", "x");
    for path in ["/calendars/alice/files/a.txt", "/calendars/alice/inbox/"] {
        let reply = proppatch(&mut server, "alice", path, "<displayname>Mine &amp; yours</displayname>");
        assert!(reply.body.contains("200 OK"), "{}", reply.body);
        for asked in ["<prop><displayname/></prop>", "<allprop/>"] {
            let reply = propfind(&mut server, "alice", path, asked).body;
            assert_eq!(reply.matches("Mine &amp; yours").count(), 1, "{reply}");
        }
    }
}

#[test]
fn what_is_set_last_says_in_which_time_zone_a_calendar_is() {
    const ZONE: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\n\
        DTSTART:20000101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n";
    let mut server = Server::of(&["alice"]);
    let file = "calendars/alice/work/.calendar.toml";
    let zone = format!("<C:calendar-timezone>{ZONE}</C:calendar-timezone>");
    let id = "<C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id>";
    for (property, is_here, is_gone) in [(zone.as_str(), "TZID:Own", "Berlin"), (id, "Berlin", "TZID:Own")] {
        proppatch(&mut server, "alice", "/calendars/alice/work/", property);
        let text = server.file(file);
        assert!(text.contains(is_here) && !text.contains(is_gone), "{text}");
    }
}

#[test]
fn texts_are_kept_within_limits() {
    let mut server = Server::of(&["alice"]);
    let path = "/calendars/alice/work/";
    let long = "x".repeat((64 << 10) + 1);
    for property in [
        format!("<displayname>{long}</displayname>"),
        format!("<C:calendar-description>{long}</C:calendar-description>"),
        format!("<y xmlns='urn:x'>{long}</y>"),
        format!("<y{long} xmlns='urn:x'/>"),
    ] {
        let reply = proppatch(&mut server, "alice", path, &property);
        assert!(reply.body.contains("507") || reply.status >= 400, "{:.300}", reply.body);
    }
    assert_eq!(server.file("calendars/alice/work/.calendar.toml"), "");
    let nearly = "x".repeat(60 << 10);
    let refused = (0..20).position(|number| {
        let property = format!("<y{number} xmlns='urn:x'>{nearly}</y{number}>");
        proppatch(&mut server, "alice", path, &property).body.contains("507")
    });
    assert_eq!(refused, Some(17));
    let less =
        format!("<propertyupdate {NAMESPACES}><remove><prop><y0 xmlns='urn:x'/></prop></remove></propertyupdate>");
    let reply = server.ask("alice", &format!("PROPPATCH {path}\n\n{less}"));
    assert!(reply.body.contains("200 OK"), "{}", reply.body);
}
