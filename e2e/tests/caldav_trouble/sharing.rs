//! Who sees what: nothing without a grant, and with one no more than it says.

use e2e::caldav::{PASSWORD, Scene, World, event};
use e2e::http::{Client, NAMESPACES};

const START: &str = "20260105T120000Z";
const METHODS: [&str; 14] = [
    "GET",
    "HEAD",
    "PUT",
    "DELETE",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "MKCALENDAR",
    "COPY",
    "MOVE",
    "LOCK",
    "REPORT",
    "ACL",
];

/// A body that a method can be asked with.
fn body(method: &str) -> String {
    let ace = "<D:ace><D:principal><D:href>/principals/bob/</D:href></D:principal><D:grant><D:privilege><D:read/></D:privilege></D:grant></D:ace>";
    match method {
        "PROPPATCH" => format!(
            "<D:propertyupdate {NAMESPACES}><D:set><D:prop><D:displayname>b</D:displayname></D:prop></D:set></D:propertyupdate>"
        ),
        "LOCK" => format!(
            "<D:lockinfo {NAMESPACES}><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>"
        ),
        "REPORT" => format!(
            "<C:calendar-query {NAMESPACES}><D:prop><C:calendar-data/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\"/></C:filter></C:calendar-query>"
        ),
        "ACL" => format!("<D:acl {NAMESPACES}>{ace}</D:acl>"),
        "PUT" | "POST" => event("x", START, ""),
        _ => String::new(),
    }
}

/// Alice's calendar with one public, one private and one confidential event.
fn scene(world: &World) -> (Client, String) {
    let (alice, work) = (world.user("alice"), world.calendar("alice", "work"));
    for (name, class) in [("public", ""), ("private", "CLASS:PRIVATE\r\n"), ("confidential", "CLASS:CONFIDENTIAL\r\n")]
    {
        let body = event(name, START, class).replace("SUMMARY:Event", "SUMMARY:Secret");
        assert_eq!(alice.put(&format!("{work}{name}.ics"), body).status, 201);
    }
    (alice, work)
}

fn share(alice: &Client, work: &str, principal: &str, privileges: &str) {
    let body = format!(
        "<D:acl {NAMESPACES}><D:ace><D:principal><D:href>{principal}</D:href></D:principal>\
         <D:grant>{privileges}</D:grant></D:ace></D:acl>"
    );
    let reply = alice.send("ACL", work, &[], body);
    assert_eq!(reply.status, 200, "{}", reply.text());
}

const READ: &str = "<D:privilege><D:read/></D:privilege>";
const READ_WRITE: &str = "<D:privilege><D:read/></D:privilege><D:privilege><D:write/></D:privilege>";

/// Where a calendar of alice's is in bob's home.
fn in_home(bob: &Client) -> Option<String> {
    let listed = bob.propfind("/calendars/bob/", "1", "<D:resourcetype/>").elements("href");
    listed.into_iter().find(|href| href.contains("work"))
}

#[test]
#[ignore = "needs cargo e2e"]
fn without_a_grant_there_is_nothing_whatever_the_method() {
    let world = World::new();
    let (alice, work) = scene(&world);
    let bob = world.user("bob");
    let home = world.calendar("bob", "home");
    assert_eq!(bob.put(&format!("{home}1.ics"), event("1", START, "")).status, 201);
    let tip = world.repository.tip("main");
    let destination = world.url("/calendars/bob/home/stolen.ics");
    for method in METHODS {
        let kind = if ["PUT", "POST"].contains(&method) { "text/calendar" } else { "application/xml" };
        let fields = [("Destination", destination.as_str()), ("Depth", "0"), ("Content-Type", kind)];
        for [name, other] in [["work/public.ics", "work/nothing.ics"], ["work/", "play/"]] {
            let ask = |name: &str| bob.send(method, &format!("/calendars/alice/{name}"), &fields, body(method));
            let (there, missing) = (ask(name), ask(other));
            assert!([403, 404, 405, 409].contains(&there.status), "{method} {name}: {} {}", there.status, there.text());
            assert_eq!(there.status, missing.status, "{method} tells whether {name} is there");
            let text = |reply: &e2e::http::Reply, name: &str| reply.text().replace(name, "");
            assert_eq!(text(&there, name), text(&missing, other), "{method}");
        }
    }
    for (method, name) in [("MOVE", "1.ics"), ("COPY", "1.ics")] {
        let to = world.url(&format!("{work}public.ics"));
        let reply = bob.send(method, &format!("{home}{name}"), &[("Destination", &to), ("Overwrite", "T")], "");
        assert!([403, 404, 409].contains(&reply.status), "{method} into it: {} {}", reply.status, reply.text());
    }
    let multiget = format!("<D:prop><C:calendar-data/></D:prop><D:href>{work}public.ics</D:href>");
    assert!(!bob.report(&home, "C:calendar-multiget", &multiget).text().contains("Secret"));
    for path in ["/", "/calendars/", "/calendars/bob/", "/principals/alice/"] {
        assert!(!bob.propfind(path, "1", "<D:displayname/><C:calendar-home-set/>").text().contains("work"), "{path}");
    }
    assert_eq!(world.repository.tip("main"), tip, "nothing was changed");
    assert_eq!(alice.get(&format!("{work}public.ics")).status, 200);
    assert!(!world.admin().get(&format!("{work}public.ics")).text().contains("Secret"), "nor by the administrator");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_share_to_read_shows_what_is_not_private() {
    let world = World::new();
    let (alice, work) = scene(&world);
    let bob = world.user("bob");
    share(&alice, &work, "/principals/bob/", READ);
    let shared = in_home(&bob).expect("it is in bob's home");
    for at in [&shared, &work] {
        assert!(bob.get(&format!("{at}public.ics")).text().contains("Secret public"), "{at}");
        assert_eq!(bob.get(&format!("{at}private.ics")).status, 404, "{at}");
        let confidential = bob.get(&format!("{at}confidential.ics")).text();
        assert!(confidential.contains("DTSTART") && !confidential.contains("Secret"), "{confidential}");
        let export = bob.get(at).text();
        assert!(export.contains("Secret public") && !export.contains("Secret private"), "{export}");
        let query =
            "<D:prop><D:getetag/><C:calendar-data/></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\"/></C:filter>";
        let found = bob.report(at, "C:calendar-query", query).text();
        assert!(found.contains("Secret public"), "{found}");
        assert!(!found.contains("private") && !found.contains("Secret confidential"), "{found}");
        let names = "<C:filter><C:comp-filter name=\"VCALENDAR\"><C:comp-filter name=\"VEVENT\"><C:prop-filter name=\"SUMMARY\">\
                     <C:text-match>Secret confidential</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter></C:filter>";
        let guessed = bob.report(at, "C:calendar-query", &format!("<D:prop><D:getetag/></D:prop>{names}"));
        assert!(guessed.elements("href").is_empty(), "what is hidden cannot be searched: {}", guessed.text());
        assert_eq!(bob.put(&format!("{at}public.ics"), event("public", START, "")).status, 403);
        assert_eq!(bob.put(&format!("{at}new.ics"), event("new", START, "")).status, 403);
        assert_eq!(bob.send("DELETE", &format!("{at}public.ics"), &[], "").status, 403);
    }
    share(&alice, &work, "/principals/admin/", READ);
    assert_eq!(bob.get(&format!("{work}public.ics")).status, 404, "the grant is gone");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_share_to_write_is_no_right_to_share_on() {
    let world = Scene::new().user("carol").serving();
    let (alice, work) = scene(&world);
    let bob = world.user("bob");
    share(&alice, &work, "/principals/bob/", READ_WRITE);
    assert_eq!(bob.put(&format!("{work}new.ics"), event("new", START, "")).status, 201);
    assert_eq!(world.repository.git(&["log", "-1", "--format=%an", "main"]), "bob", "the author is who did it");
    assert_eq!(alice.get(&format!("{work}new.ics")).status, 200);
    assert_eq!(bob.send("DELETE", &format!("{work}public.ics"), &[], "").status, 204);
    assert_eq!(bob.send("DELETE", &format!("{work}private.ics"), &[], "").status, 404);
    assert_ne!(bob.put(&format!("{work}private.ics"), event("private", START, "")).status / 100, 2);
    assert_ne!(bob.put(&format!("{work}confidential.ics"), event("confidential", START, "")).status / 100, 2);
    assert_eq!(bob.send("ACL", &work, &[], format!("<D:acl {NAMESPACES}/>")).status, 403);
    assert_eq!(world.user("carol").get(&format!("{work}new.ics")).status, 404);
    assert!(alice.get(&format!("{work}confidential.ics")).text().contains("Secret"), "it is as it was");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_group_is_its_members_of_the_moment() {
    let world = World::new();
    let (alice, work) = scene(&world);
    let (admin, bob) = (world.admin(), world.user("bob"));
    assert_eq!(admin.send("PUT", "/groups/staff?members=bob", &[], "").status, 201);
    let only_new = [("If-None-Match", "*")];
    assert_eq!(admin.send("PUT", "/groups/staff?members=", &only_new, "").status, 412, "it is not emptied by mistake");
    share(&alice, &work, "/principals/staff/", READ);
    assert_eq!(bob.get(&format!("{work}public.ics")).status, 200);
    assert_eq!(admin.send("DELETE", "/groups/staff/users/bob", &[], "").status / 100, 2);
    assert_eq!(bob.get(&format!("{work}public.ics")).status, 404);
    assert_eq!(bob.send("PUT", "/groups/staff/users/bob", &[], "").status, 403, "nobody lets themselves in");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_secret_link_shows_what_a_reader_may_see_until_it_is_taken_back() {
    let world = World::new();
    let (alice, work) = scene(&world);
    let body = "<CS:publish-calendar xmlns:CS=\"http://calendarserver.org/ns/\"/>";
    let reply = alice.send("POST", &work, &[("Content-Type", "application/xml")], body);
    assert_eq!(reply.status / 100, 2, "{}", reply.text());
    let url = alice.propfind(&work, "0", "<CS:publish-url/>").element("href");
    let listed = alice.propfind(&work, "0", "<CS:publish-url/>").elements("href");
    let link = listed.into_iter().find(|href| href.contains("/links/")).unwrap_or_else(|| panic!("no link: {url:?}"));
    let link = &link[link.find("/links/").expect("it was looked for")..];
    let nobody = Client::nobody(world.address());
    let text = nobody.get(link).text();
    assert!(text.contains("Secret public") && !text.contains("Secret private"), "{text}");
    assert!(!text.contains("Secret confidential"), "{text}");
    assert_eq!(nobody.get("/links/guessed.ics").status, 404);
    assert_ne!(nobody.send("PUT", link, &[], "x").status / 100, 2);
    alice.send("POST", &work, &[("Content-Type", "application/xml")], body.replace("publish", "unpublish"));
    assert_eq!(nobody.get(link).status, 404);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_user_who_is_removed_is_out_at_once() {
    let world = World::new();
    let bob = world.user("bob");
    assert_eq!(bob.propfind("/calendars/bob/", "0", "<D:displayname/>").status, 207);
    assert_eq!(world.admin().send("PUT", "/users/bob", &[], "another").status, 200);
    assert_eq!(bob.propfind("/calendars/bob/", "0", "<D:displayname/>").status, 401, "{PASSWORD} was changed");
    assert_eq!(world.admin().send("DELETE", "/users/bob", &[], "").status / 100, 2);
    let other = Client::new(world.address(), "bob", "another");
    assert_eq!(other.propfind("/calendars/bob/", "0", "<D:displayname/>").status, 401);
}
