//! Bodies that are no XML, or XML that is meant to hurt.

use std::time::{Duration, Instant};

use e2e::caldav::World;
use e2e::http::{Client, NAMESPACES, Reply};

fn propfind(client: &Client, body: impl AsRef<[u8]>) -> Reply {
    client.send("PROPFIND", "/calendars/alice/", &[("Depth", "0"), ("Content-Type", "application/xml")], body)
}

#[test]
#[ignore = "needs cargo e2e"]
fn what_is_no_xml_for_us_is_refused_with_a_reason() {
    let world = World::new();
    let alice = world.user("alice");
    let laughs: String = (1..10).map(|n| format!("<!ENTITY l{n} \"&l{0};&l{0};&l{0};&l{0};\">", n - 1)).collect();
    let deep = format!("{}{}", "<D:a xmlns:D=\"DAV:\">".repeat(10_000), "</D:a>".repeat(10_000));
    let utf16: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bodies: [(&str, Vec<u8>, &str); 11] = [
        ("entities", format!("<!DOCTYPE a [<!ENTITY l0 \"ha\">{laughs}]><a>&l9;</a>").into(), "document type"),
        ("a foreign entity", "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>".into(), "document type"),
        ("a foreign DTD", "<!DOCTYPE a SYSTEM \"http://192.0.2.1/a.dtd\"><a/>".into(), "document type"),
        ("an entity that nobody declared", "<a>&x;</a>".into(), ""),
        ("depth 10,000", deep.into(), "inside one another"),
        ("a declared encoding", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>".into(), "ISO-8859-1"),
        ("another encoding", [&[0xff, 0xfe][..], &utf16].concat(), "UTF-16"),
        ("no UTF-8", b"<a>\xff</a>".to_vec(), ""),
        ("half a document", "<a><b></b>".into(), ""),
        ("crossed elements", "<a><b></a></b>".into(), ""),
        ("a prefix that is not bound", "<D:propfind><D:prop/></D:propfind>".into(), ""),
    ];
    for (what, body, reason) in bodies {
        let reply = propfind(&alice, body);
        assert_eq!(reply.status, 400, "{what}: {}", reply.text());
        let said = reply.element("reason").unwrap_or_default();
        assert!(!said.is_empty() && said.contains(reason) && !said.contains("root:"), "{what}: {said}");
    }
    assert_eq!(propfind(&alice, "").status, 207, "it still answers");
}

#[test]
#[ignore = "needs cargo e2e"]
fn names_from_elsewhere_are_no_mistake() {
    let world = World::new();
    let body = format!(
        "<D:propfind {NAMESPACES} xmlns:X=\"urn:x\" X:a=\"1\"><X:hint><X:more/></X:hint>\
         <D:prop><X:unknown/><none xmlns=\"\"/><D:displayname/></D:prop></D:propfind>"
    );
    let reply = propfind(&world.user("alice"), body);
    assert_eq!(reply.status, 207);
    let text = reply.text();
    assert!(text.contains("404 Not Found") && text.contains("unknown") && text.contains("none"), "{text}");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_body_of_100_megabytes_is_refused_before_it_is_there() {
    let world = World::new();
    let alice = world.user("alice");
    for (method, path) in [("PROPFIND", "/calendars/alice/"), ("PUT", "/calendars/alice/big.ics")] {
        let mut connection = alice.connect();
        let head = connection.head(method, path, &[], 100 << 20);
        connection.write(head.as_bytes());
        let reply = connection.receive().expect("a reply before the body");
        assert_eq!(reply.status, 413, "{method}: {}", reply.text());
    }
    // Without a length, it is refused where it becomes too much.
    let mut connection = alice.connect();
    let head = connection.head("PUT", "/calendars/alice/big.ics", &[("Transfer-Encoding", "chunked")], 0);
    connection.write(head.replace("Content-Length: 0\r\n", "").as_bytes());
    let chunk = [b"100000\r\n".to_vec(), vec![b'x'; 1 << 20], b"\r\n".to_vec()].concat();
    (0..100).for_each(|_| connection.write(&chunk));
    assert!(connection.receive().is_none_or(|reply| reply.status == 413));
    assert!(world.server_memory() < 100_000, "{} kB", world.server_memory());
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_large_body_of_many_small_elements_costs_little() {
    let world = World::new();
    let properties = "<D:x/>".repeat(150_000);
    let begun = Instant::now();
    let reply = world.user("alice").propfind("/calendars/alice/", "0", &properties);
    assert!([207, 400, 413].contains(&reply.status), "{}", reply.status);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(world.server_memory() < 300_000, "{} kB", world.server_memory());
}
