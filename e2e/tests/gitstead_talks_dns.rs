//! `gitstead query`, `update` and `notify` against BIND: the client that hooks use on machines without DNS tools.

use std::net::SocketAddr;

use e2e::bind::Bind;
use e2e::built;
use e2e::clients::{dig, nsupdate};
use e2e::folder::Folder;
use e2e::ports::free_address;
use e2e::process::{Outcome, run};
use e2e::samples::{EXAMPLE_COM, Key, UPDATE};
use e2e::wait;

#[test]
#[ignore = "needs cargo e2e"]
fn it_asks_and_updates() {
    let folder = Folder::new();
    let bind = Bind::primary(&folder, free_address(), "example.com", EXAMPLE_COM, &UPDATE);
    let server = bind.address();
    let outcome = gitstead(server, &["query", "www.example.com", "AAAA"]);
    assert_eq!((outcome.success, outcome.output.trim()), (true, "www.example.com. 3600 AAAA 2001:db8::80"));
    let outcome = signed(server, &UPDATE, &["update", "example.com", "--add", "new.example.com 60 TXT \"a b\" c"]);
    assert!(outcome.success, "{}", outcome.output);
    assert_eq!(dig(server, "new.example.com TXT +short"), "\"a b\" \"c\"");
    let outcome = signed(
        server,
        &UPDATE,
        &["update", "example.com", "--delete", "new.example.com TXT", "--delete", "www.example.com"],
    );
    assert!(outcome.success, "{}", outcome.output);
    assert_eq!(dig(server, "www.example.com A +short"), "");
}

#[test]
#[ignore = "needs cargo e2e"]
fn it_says_what_the_server_refuses() {
    let folder = Folder::new();
    let bind = Bind::primary(&folder, free_address(), "example.com", EXAMPLE_COM, &UPDATE);
    let server = bind.address();
    for (outcome, said) in [
        (gitstead(server, &["query", "nowhere.example.com"]), "NXDOMAIN"),
        (gitstead(server, &["query", "example.net"]), "REFUSED"),
        (signed(server, &UPDATE, &["update", "example.com", "--add", "www.example.org 60 A 192.0.2.1"]), "NOTZONE"),
        (signed(server, &UPDATE.forged(), &["update", "example.com", "--add", "a.example.com 60 A 192.0.2.1"]), "16"),
        (gitstead(free_address(), &["query", "example.com"]), "refused"),
    ] {
        assert!(!outcome.success && outcome.output.contains(said), "{said} is to be said: {}", outcome.output);
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn it_notifies() {
    let (folder, second) = (Folder::new(), Folder::new());
    let primary = Bind::primary(&folder, free_address(), "example.com", EXAMPLE_COM, &UPDATE);
    let secondary = Bind::secondary(&second, free_address(), primary.address(), &["example.com"], &UPDATE);
    wait::until_equal("192.0.2.80".to_owned(), || dig(secondary.address(), "www.example.com A +short"));
    assert!(nsupdate(primary.address(), &UPDATE, "update add new.example.com 60 A 192.0.2.5").success);
    let outcome = signed(secondary.address(), &UPDATE, &["notify", "example.com"]);
    assert!(outcome.success, "{}", outcome.output);
    wait::until_equal("192.0.2.5".to_owned(), || dig(secondary.address(), "new.example.com A +short"));
}

fn signed(server: SocketAddr, key: &Key, arguments: &[&str]) -> Outcome {
    let key = format!("{}:SHA256:{}", key.name, key.secret);
    gitstead(server, &[arguments, &["--key", &key]].concat())
}

fn gitstead(server: SocketAddr, arguments: &[&str]) -> Outcome {
    run(built::command("gitstead", "deploy").args(arguments).args(["--server", &server.to_string()]), "")
}
