//! `caldav` in the sandbox and in a virtual machine: what passes hosted passes there.

use std::net::SocketAddr;
use std::process::Command;

use e2e::git::Repository;
use e2e::ports::free_address;
use e2e::primary::Sandbox;
use e2e::process::{Process, run};
use e2e::qemu::{self, GUEST, HOST, Machine};
use e2e::wait;
use e2e::world::{Remote, Scene};

const PASSWORD: &str = "for-the-first-start";
const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:one\r\nDTSTAMP:20260101T000000Z\r\n\
    DTSTART:20260301T120000Z\r\nDTEND:20260301T130000Z\r\nSUMMARY:Team lunch\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
const LATER: &str = "DTSTART:20260301T123000Z";

#[test]
#[ignore = "needs cargo e2e"]
fn in_the_sandbox() {
    let remote = Scene::sandboxed().remote();
    let calendars = Repository::empty(&remote.folder.join("calendars.git"));
    let tap = remote.tap().clone();
    let mut command = Sandbox { tap: tap.clone(), memory: 48 }.command("caldav");
    for (option, value) in tap.arguments() {
        command.args([option, value]);
    }
    command.args(arguments(&remote, &format!("{}#main", remote.sshd.url(&calendars))));
    let mut service = Process::start("caldav", &mut command, &remote.folder.join("caldav.log"));
    service.wait_for_output("sealed", |log| log.contains("sealed"));
    tell(SocketAddr::new(tap.service().into(), 80), &remote, &calendars);
    assert_eq!(service.terminate().code(), Some(0), "{}", service.output());
}

#[test]
#[ignore = "needs cargo e2e"]
fn in_a_virtual_machine() {
    let remote = Scene::new().remote();
    let calendars = Repository::empty(&remote.folder.join("calendars.git"));
    let (image, address) = (qemu::image(&remote.folder, "caldav"), free_address());
    // The host as the guest sees it.
    let url = remote.sshd.url(&calendars).replace("127.0.0.1", HOST);
    let network = [format!("--ipv4={GUEST}/24"), format!("--ipv4-gateway={HOST}")];
    let line = network.into_iter().chain(arguments(&remote, &format!("{url}#main"))).collect::<Vec<_>>().join(" ");
    let mut machine = Machine::new(&image).memory(96).arguments(&line).forward("tcp", address, 80).start(&remote.folder);
    qemu::wait_for_console(&mut machine, "serving");
    tell(address, &remote, &calendars);
    assert!(machine.ended().is_none(), "{}", machine.output());
}

fn arguments(remote: &Remote, url: &str) -> Vec<String> {
    let (key, pin) = (remote.sshd.user_key_seed(), remote.sshd.fingerprint());
    let pairs = [
        ("--remote", url),
        ("--ssh-key", &key),
        ("--ssh-authenticator", &pin),
        ("--hostname", "example.com"),
        ("--poll", "1"),
    ];
    let pairs = pairs.into_iter().map(|(option, value)| format!("{option}={value}"));
    pairs.chain([format!("--admin-password={PASSWORD}"), "--tls-proxy".to_owned()]).collect()
}

/// An event is stored, found by its time, moved by a push, and is a commit; the web calendar is there.
fn tell(address: SocketAddr, remote: &Remote, calendars: &Repository) {
    let path = "/calendars/admin/calendar/one.ics";
    curl(address, path, &["-X", "PUT", "-H", "Content-Type: text/calendar", "--data-binary", EVENT]);
    assert_eq!(calendars.read(path.trim_start_matches('/')), EVENT, "the octets are on the remote");
    let query = "<C:calendar-query xmlns:C='urn:ietf:params:xml:ns:caldav' xmlns:D='DAV:'><D:prop><D:getetag/></D:prop><C:filter>\
        <C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'><C:time-range start='20260301T000000Z' end='20260302T000000Z'/>\
        </C:comp-filter></C:comp-filter></C:filter></C:calendar-query>";
    let found = curl(address, "/calendars/admin/calendar/", &["-X", "REPORT", "-H", "Depth: 1", "--data", query]);
    assert!(found.contains(path), "{found}");
    let tree = calendars.work_tree(&remote.folder.join("calendars"));
    tree.replace(path.trim_start_matches('/'), "DTSTART:20260301T120000Z", LATER).commit("half an hour later");
    tree.push();
    wait::until("the push is in the calendar", || curl(address, path, &[]).contains(LATER));
    assert!(curl(address, "/", &[]).contains("<script"), "the web calendar");
    assert!(calendars.subjects().iter().any(|subject| subject == "admin: add \"Team lunch\""), "{:?}", calendars.subjects());
}

fn curl(address: SocketAddr, path: &str, more: &[&str]) -> String {
    let user = format!("admin:{PASSWORD}");
    let mut command = Command::new("curl");
    command.args(["-sS", "--fail-with-body", "--max-time", "60", "-u", &user]).args(more).arg(format!("http://{address}{path}"));
    let outcome = run(&mut command, "");
    assert!(outcome.success, "{}", outcome.output);
    outcome.output
}
