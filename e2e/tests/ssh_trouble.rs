//! The line to the remote: wrong keys, servers that close, talk nonsense, hang, or are gone for a while.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use e2e::clients::{nsupdate, serial};
use e2e::folder::write;
use e2e::proxy::Proxy;
use e2e::samples::UPDATE;
use e2e::sshd::{Options, wait_for_log};
use e2e::wait;
use e2e::world::{Remote, Scene, World};

#[test]
#[ignore = "needs cargo e2e"]
fn a_wrong_host_key_gets_no_login() {
    let remote = Scene::new().remote();
    let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let mut primary = remote.arguments().set("--ssh-authenticator", other).start(&remote.folder);
    primary.wait_for_log("host key");
    assert_eq!(remote.sshd.logins(), 0);
    assert!(primary.log().contains(&remote.sshd.fingerprint()), "the log shows which key the server has");
    assert!(!primary.log().contains("serving"));
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_unpinned_host_key_is_refused_unless_told() {
    let remote = Scene::new().remote();
    let outcome = remote.arguments().without("--ssh-authenticator").run();
    assert!(!outcome.success && outcome.output.contains("--ssh-authenticator"), "{}", outcome.output);
    remote.arguments().without("--ssh-authenticator").flag("--ssh-accept-any-host-key").serving(&remote.folder);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_wrong_user_key_is_said_so_until_it_is_let_in() {
    let remote = Scene::new().remote();
    let stranger = remote.sshd.stranger_key();
    let stranger = stranger.to_str().expect("test paths are UTF-8");
    let mut primary = remote.arguments().set("--ssh-key-file", stranger).start(&remote.folder);
    wait_for_log(&remote.sshd, "authenticating user");
    assert!(!primary.log().contains("serving"));
    let public = std::fs::read_to_string(format!("{stranger}.pub")).expect("the public key was made");
    std::fs::write(remote.folder.join("sshd/authorized_keys"), public).expect("a key can be let in");
    primary.wait_until_serving();
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_key_may_be_a_seed() {
    let remote = Scene::new().remote();
    remote.arguments().without("--ssh-key-file").set("--ssh-key", &remote.sshd.user_key_seed()).serving(&remote.folder);
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_remote_may_be_written_as_scp_does() {
    // user@host:path has no port, so only the refusal to connect can be seen where port 22 is not ours.
    let remote = Scene::new().remote();
    let mut primary = remote.arguments().set("--remote", "git@127.0.0.9:zones.git#main").start(&remote.folder);
    primary.wait_for_log("127.0.0.9");
    assert_eq!(primary.process().ended(), None, "it goes on trying");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_server_that_closes_or_talks_nonsense_is_tried_again() {
    for banner in
        [&b""[..], b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-nonsense\r\n\0\0\0\x04abcdefgh", &[0xff; 4096]]
    {
        let remote = Scene::new().remote();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port can be bound");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let mut primary = remote.arguments().set("--remote", &through(&remote, port)).start(&remote.folder);
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().expect("the primary connects");
            let _ = stream.write_all(banner);
        }
        assert_eq!(primary.process().ended(), None);
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_git_that_talks_nonsense_is_an_error_in_the_log() {
    for command in ["echo garbage", "printf 'ffff'", "printf '0004000400040004'", "true", "cat /dev/urandom"] {
        let options = Options { forced_command: Some(command.to_owned()), ..Options::default() };
        let remote = Scene::new().sshd(options).remote();
        let mut primary = remote.arguments().start(&remote.folder);
        wait::until("two logins", || remote.sshd.logins() >= 2);
        assert_eq!(primary.process().ended(), None);
        assert!(!primary.log().contains("serving"));
        assert!(primary.process().peak_memory() < 500_000, "{} kB", primary.process().peak_memory());
        remote.sshd.set_options(&Options::default());
        primary.wait_until_serving();
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_damaged_pack_is_refused_and_fetched_again() {
    let remote = Scene::new().remote();
    // Turns one bit of the first object of every pack that passes.
    let filter =
        r#"$| = 1; while (sysread(STDIN, $b, 65536)) { $b =~ s/(PACK.{20})(.)/$1.chr(ord($2)^1)/se; print $b }"#;
    let script = remote.folder.join("damage");
    write(&script, format!("sh -c \"$SSH_ORIGINAL_COMMAND\" | perl -e '{filter}'\n"));
    remote
        .sshd
        .set_options(&Options { forced_command: Some(format!("sh {}", script.display())), ..Options::default() });
    let tree = std::panic::catch_unwind(|| remote.sshd.work_tree(&remote.repository, &remote.folder.join("damaged")));
    assert!(tree.is_err(), "git itself does not take such a pack");
    let logins = remote.sshd.logins();
    let mut primary = remote.arguments().start(&remote.folder);
    wait::until("two logins", || remote.sshd.logins() >= logins + 2);
    assert!(!primary.log().contains("serving"));
    remote.sshd.set_options(&Options::default());
    primary.wait_until_serving();
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_line_cut_at_any_point_of_the_boot_is_tried_again() {
    let remote = Scene::new().remote();
    let proxy = Proxy::to(([127, 0, 0, 1], remote.sshd.port()).into());
    let arguments = remote.arguments().set("--remote", &through(&remote, proxy.address().port()));
    let whole = {
        arguments.clone().serving(&remote.folder);
        proxy.carried()
    };
    // Not to the last octets: what one boot needs and another does not would be cut, and nobody would notice.
    for part in 1..12 {
        proxy.cut_after(whole * part / 14);
        let opened = proxy.opened();
        let mut primary = arguments.clone().start(&remote.folder);
        wait::until("a second connection", || proxy.opened() >= opened + 2);
        proxy.mend();
        primary.wait_until_serving();
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_remote_that_is_gone_for_a_while_stops_writes_only() {
    let mut world = World::new();
    world.remote.sshd.stop();
    let asked = Instant::now();
    let outcome = nsupdate(world.address(), &UPDATE, "update add x.example.com 60 A 192.0.2.1");
    assert!(!outcome.success, "nobody can have taken it");
    assert!(asked.elapsed() < Duration::from_secs(31), "the client is answered and need not give up");
    assert!(outcome.output.contains("SERVFAIL"), "{}", outcome.output);
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    assert_eq!(world.short("x.example.com A"), "");
    assert_eq!(world.serial("example.com"), 2_024_010_101);
    world.remote.sshd.start_again();
    wait::until("updates are taken again", || {
        nsupdate(world.address(), &UPDATE, "update add y.example.com 60 A 192.0.2.2").success
    });
    assert_eq!(world.short("y.example.com A"), "192.0.2.2");
    assert_eq!(world.repository().commits(), 2, "what was refused does not come later");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_remote_that_hangs_stops_writes_only() {
    let world = World::new();
    world.remote.sshd.pause();
    let outcome = nsupdate(world.address(), &UPDATE, "update add x.example.com 60 A 192.0.2.1");
    assert!(!outcome.success);
    assert_eq!(world.short("www.example.com A"), "192.0.2.80");
    world.remote.sshd.resume();
    wait::until("updates are taken again", || {
        nsupdate(world.address(), &UPDATE, "update add y.example.com 60 A 192.0.2.2").success
    });
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_absent_remote_at_boot_is_waited_for() {
    let mut remote = Scene::new().remote();
    remote.sshd.stop();
    let mut primary = remote.arguments().start(&remote.folder);
    primary.wait_for_log("refused");
    assert_eq!(serial(primary.address(), "example.com"), None);
    remote.sshd.start_again();
    primary.wait_until_serving();
    assert_eq!(serial(primary.address(), "example.com"), Some(2_024_010_101));
}

/// The remote as it is reached through another port.
fn through(remote: &Remote, port: u16) -> String {
    let url = remote.sshd.url(&remote.repository);
    format!("{}#main", url.replace(&format!(":{}/", remote.sshd.port()), &format!(":{port}/")))
}
