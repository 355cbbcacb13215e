//! A request in DNS becomes a certificate in DNS: from our own CA and from pebble, over our primary and over BIND.

#![allow(clippy::unwrap_used)]

use std::process::Command;
use std::time::{Duration, Instant};

use e2e::bind::Bind;
use e2e::built;
use e2e::folder::Folder;
use e2e::letsencrypt::{Letsencrypt, Requester, tlsa, verify};
use e2e::message::{self, Signer, kind};
use e2e::nsd::Nsd;
use e2e::pebble::{Behaviour, Pebble};
use e2e::ports::free_address;
use e2e::process::{Process, run};
use e2e::samples::{self, HOST, ROOT, TRANSFER, UPDATE};
use e2e::scripted_ca::ScriptedCa;
use e2e::wire::Connection;
use e2e::world::World;
use e2e::{clients, wait};

/// The arguments for pebble as the CA.
fn arguments(pebble: &Pebble) -> Vec<String> {
    let ca_file = pebble.ca_file().to_str().unwrap().to_owned();
    ["--issuer", &pebble.directory(), "--ca-file", &ca_file, "--account-key-seed", "test"].map(str::to_owned).into()
}

/// Our service for a world, with pebble as the CA.
fn with_pebble(world: &World, pebble: &Pebble, more: &[&str]) -> Letsencrypt {
    let (common, server) = (arguments(pebble), world.address().to_string());
    let common: Vec<&str> = common.iter().map(String::as_str).chain(["--check", &server]).collect();
    Letsencrypt::start(&world.remote.folder, world.address(), &ROOT, &[&common, more].concat())
}

#[test]
#[ignore = "needs cargo e2e"]
fn from_our_own_ca() {
    let world = World::new();
    let folder = &world.remote.folder;
    let _service = Letsencrypt::start(folder, world.address(), &ROOT, &["--issuer", "local:test"]);
    let requester = Requester::new(folder, "www.example.com", &["*.www.example.com"]);
    requester.ask(world.address(), &UPDATE);
    let chain = requester.wait_for_chain(world.address());
    let root = Letsencrypt::run(&["--issuer", "local:test", "--print-root"]);
    assert!(root.success, "{}", root.output);
    let path = folder.join("root.pem");
    std::fs::write(&path, &root.output).unwrap();
    verify(&path, &chain, "www.example.com");
    verify(&path, &chain, "anything.www.example.com");
    let again = Letsencrypt::run(&["--issuer", "local:test", "--print-root"]);
    assert_eq!(again.output, root.output, "the root is the same at every start");
}

#[test]
#[ignore = "needs cargo e2e"]
fn from_pebble_for_a_name_and_its_wildcard() {
    let world = World::new();
    let pebble = Pebble::start(&world.remote.folder, world.address(), Behaviour::default());
    let mut service = with_pebble(&world, &pebble, &[]);
    let requester = Requester::new(&world.remote.folder, "host.example.com", &["*.host.example.com"]);
    requester.ask(world.address(), &HOST);
    let chain = requester.wait_for_chain(world.address());
    verify(&pebble.issuing_root(), &chain, "host.example.com");
    verify(&pebble.issuing_root(), &chain, "x.host.example.com");
    assert_eq!(world.short("_acme-challenge.host.example.com TXT"), "", "the proofs are taken away");
    assert_eq!(requester.words(world.address()), "", "nothing is left to say");
    // With nothing on disk it goes on where DNS says it was.
    service.kill();
    service.start_again();
    service.wait_for_log("example.com. ");
    let other = Requester::new(&world.remote.folder, "other.example.com", &[]);
    other.ask(world.address(), &UPDATE);
    other.wait_for_chain(world.address());
    assert_eq!(pebble.orders(), 2, "one for each host");
}

#[test]
#[ignore = "needs cargo e2e"]
fn pebble_as_it_comes_refuses_every_other_nonce_and_knows_its_accounts() {
    let world = World::new();
    let behaviour = Behaviour { sleeps: true, refused_nonces: 50, external_accounts: true };
    let pebble = Pebble::start(&world.remote.folder, world.address(), behaviour);
    let requester = Requester::new(&world.remote.folder, "www.example.com", &[]);
    requester.ask(world.address(), &UPDATE);
    let mut stranger = with_pebble(&world, &pebble, &[]);
    stranger.wait_for_log("the CA refuses the account");
    wait::until("the requester is told", || requester.words(world.address()).contains("refuses the account"));
    stranger.process().terminate();
    // Its clock is running: another request is what makes it try at once.
    let (identifier, key) = Pebble::EXTERNAL;
    let _service = with_pebble(&world, &pebble, &["--eab-kid", identifier, "--eab-key", key]);
    let requester = Requester::new(&world.remote.folder, "mail.example.com", &[]);
    requester.ask(world.address(), &UPDATE);
    let chain = requester.wait_for_chain(world.address());
    verify(&pebble.issuing_root(), &chain, "mail.example.com");
}

#[test]
#[ignore = "needs cargo e2e"]
fn every_name_server_is_waited_for() {
    let world = World::new();
    let folder = &world.remote.folder;
    let nsd = Nsd::secondary(folder, free_address(), world.address(), &["example.com"], &TRANSFER);
    wait::until("NSD has the zone", || e2e::wire::serves(nsd.address(), "example.com"));
    // NSD is not told of changes, and asks for the SOA once a day: it will not have the proof.
    let pebble = Pebble::start(folder, world.address(), Behaviour::default());
    let mut service = with_pebble(&world, &pebble, &["--check", &nsd.address().to_string()]);
    let requester = Requester::new(folder, "www.example.com", &[]);
    requester.ask(world.address(), &UPDATE);
    service.wait_for_log("is ordered");
    wait::until("the proof is at the primary", || {
        !clients::dig(world.address(), "_acme-challenge.www.example.com TXT +short").is_empty()
    });
    assert_eq!(requester.chain(world.address()), None);
    assert!(requester.words(world.address()).contains("is being ordered since"));
    // Now it is told.
    let outcome = clients::ldns_notify(nsd.address(), &TRANSFER, "example.com");
    assert!(outcome.success, "{}", outcome.output);
    let chain = requester.wait_for_chain(world.address());
    verify(&pebble.issuing_root(), &chain, "www.example.com");
}

#[test]
#[ignore = "needs cargo e2e"]
fn over_bind_as_the_primary() {
    let folder = Folder::new();
    let address = free_address();
    let _bind = Bind::primary(&folder, address, "example.com", samples::EXAMPLE_COM, &UPDATE);
    let pebble = Pebble::start(&folder, address, Behaviour::default());
    let common = arguments(&pebble);
    let (notified, server) = (free_address().to_string(), address.to_string());
    let more = ["--check", &server, "--listen", &notified, "--zone", "example.com"];
    let arguments: Vec<&str> = common.iter().map(String::as_str).chain(more).collect();
    let requester = Requester::new(&folder, "www.example.com", &["*.www.example.com"]);
    requester.ask(address, &UPDATE);
    let _service = Letsencrypt::start(&folder, address, &UPDATE, &arguments);
    let chain = requester.wait_for_chain(address);
    verify(&pebble.issuing_root(), &chain, "www.example.com");
    // BIND does not know us; a NOTIFY from outside is what tells of the next request.
    let second = Requester::new(&folder, "mail.example.com", &[]);
    second.ask(address, &UPDATE);
    let outcome = clients::ldns_notify(notified.parse().unwrap(), &UPDATE, "example.com");
    assert!(outcome.success, "{}", outcome.output);
    verify(&pebble.issuing_root(), &second.wait_for_chain(address), "mail.example.com");
}

/// The messages of `dns-certify` as unikernels link it in: reference for what must not break.
#[test]
#[ignore = "needs cargo e2e"]
fn a_mirage_unikernel_gets_its_certificate_in_its_twenty_seconds() {
    let world = World::new();
    let ca = ScriptedCa::start(&world.remote.folder, "{}");
    let (arguments, server) = (ca.arguments(), world.address().to_string());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--check", &server]).collect();
    let mut service = Letsencrypt::start(&world.remote.folder, world.address(), &ROOT, &arguments);
    service.wait_for_log("example.com. ");
    let requester = Requester::like_mirage(&world.remote.folder, "host.example.com");
    let owner = "_letsencrypt._tcp.host.example.com";
    let mut connection = Connection::open(world.address());
    connection.send(&message::query(1, owner, kind::TLSA));
    assert!(matches!(connection.receive().unwrap().rcode(), 0 | 3), "nothing there yet");
    let rdata = [&[3, 255, 0], requester.request().as_slice()].concat();
    let lines = [message::deletion(owner, kind::TLSA), message::record(owner, kind::TLSA, 3600, &rdata)];
    let signed = Signer::new(HOST).like_mirage().sign(&message::update(2, "host.example.com", &lines));
    connection.send(&signed.octets);
    let reply = connection.receive().unwrap();
    assert_eq!(reply.rcode(), 0);
    assert!(reply.is_signed_by(&HOST, &signed.mac));
    let found = (0..10).any(|id| {
        // What a unikernel does: it looks every two seconds, ten times.
        std::thread::sleep(Duration::from_secs(2));
        connection.send(&message::query(10 + id, owner, kind::TLSA));
        let reply = connection.receive().unwrap();
        reply.rcode() == 0 && reply.counts()[1] >= 3
    });
    assert!(found, "request, certificate and issuer are there within twenty seconds");
    let chain = requester.chain(world.address()).unwrap();
    verify(&ca.root(), &chain, "host.example.com");
}

#[test]
#[ignore = "needs cargo e2e"]
fn what_is_wrong_with_a_request_is_said_beside_it() {
    let world = World::new();
    let folder = &world.remote.folder;
    let _service = Letsencrypt::start(folder, world.address(), &ROOT, &["--issuer", "local:test"]);
    let told = |host: &str, words: &str| {
        wait::until(&format!("{host} is told {words:?}"), || {
            clients::dig(world.address(), &format!("_letsencrypt._tcp.{host} TXT +short")).contains(words)
        });
    };
    e2e::letsencrypt::put_request(world.address(), &UPDATE, "garbage.example.com", b"no request");
    told("garbage.example.com", "cannot be read");
    Requester::new(folder, "greedy.example.com", &["www.example.com"]).ask(world.address(), &UPDATE);
    told("greedy.example.com", "does not show that its sender may have a certificate for www.example.com");
    let address = Requester::with_extension(folder, "address.example.com", "subjectAltName=IP:192.0.2.1");
    address.ask(world.address(), &UPDATE);
    told("address.example.com", "which DNS cannot prove");
    let weak = Requester::with_key(folder, "weak.example.com", "rsa:1024");
    weak.ask(world.address(), &UPDATE);
    told("weak.example.com", "too weak");
    let (one, two) = (Requester::new(folder, "two.example.com", &[]), Requester::new(folder, "2.example.com", &[]));
    one.ask(world.address(), &UPDATE);
    let chain = one.wait_for_chain(world.address());
    assert!(chain.is_file());
    two.add_at(world.address(), &UPDATE, "two.example.com");
    told("two.example.com", "several requests");
    // All others are served meanwhile, and who mends the request is heard at once.
    let mended = Requester::new(folder, "greedy.example.com", &[]);
    mended.ask(world.address(), &UPDATE);
    mended.wait_for_chain(world.address());
    wait::until("the words are taken back", || mended.words(world.address()).is_empty());
}

#[test]
#[ignore = "needs cargo e2e"]
fn names_elsewhere_need_the_same_request_there_or_trust() {
    let world = World::new();
    let folder = &world.remote.folder;
    let service = Letsencrypt::start(folder, world.address(), &ROOT, &["--issuer", "local:test"]);
    let requester = Requester::new(folder, "www.example.com", &["www.example.org"]);
    requester.ask(world.address(), &UPDATE);
    wait::until("it is told", || requester.words(world.address()).contains("put the same request at www.example.org"));
    requester.add_at(world.address(), &samples::ORG, "www.example.org");
    requester.wait_for_chain(world.address());
    drop(service);
    let _trusting =
        Letsencrypt::start(folder, world.address(), &ROOT, &["--issuer", "local:test", "--trust", "example.com"]);
    let trusted = Requester::new(folder, "a.example.com", &["b.example.com"]);
    trusted.ask(world.address(), &UPDATE);
    trusted.wait_for_chain(world.address());
}

#[test]
#[ignore = "needs cargo e2e"]
fn caa_is_looked_at_before_the_ca_is_asked() {
    let world = World::new();
    let ca = ScriptedCa::start(&world.remote.folder, "{\"caa\": [\"ca.example\"]}");
    let arguments = ca.arguments();
    let server = world.address().to_string();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--check", &server]).collect();
    let outcome =
        clients::nsupdate(world.address(), &UPDATE, "update add www.example.com 60 CAA 0 issue \"other.example\"");
    assert!(outcome.success, "{}", outcome.output);
    let _service = Letsencrypt::start(&world.remote.folder, world.address(), &ROOT, &arguments);
    let requester = Requester::new(&world.remote.folder, "www.example.com", &[]);
    requester.ask(world.address(), &UPDATE);
    wait::until("it is told", || {
        requester.words(world.address()).contains("CAA of www.example.com allows other.example")
    });
    assert_eq!(ca.orders(), 0);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_ca_that_is_down_is_said_and_tried_again() {
    let world = World::new();
    let folder = &world.remote.folder;
    let api = free_address();
    let pebble = Pebble::start_at(folder, api, world.address(), Behaviour::default());
    let common = arguments(&pebble);
    drop(pebble);
    let server = world.address().to_string();
    let arguments: Vec<&str> = common.iter().map(String::as_str).chain(["--check", &server]).collect();
    let mut service = Letsencrypt::start(folder, world.address(), &ROOT, &arguments);
    let requester = Requester::new(folder, "www.example.com", &[]);
    requester.ask(world.address(), &UPDATE);
    wait::until("it is told", || requester.words(world.address()).contains("tried again at"));
    service.wait_for_log("the CA's account");
    let pebble = Pebble::start_at(folder, api, world.address(), Behaviour::default());
    // The certificate of its API is a new one.
    let mut service = {
        drop(service);
        with_pebble(&world, &pebble, &[])
    };
    service.wait_for_log("example.com. ");
    let chain = requester.wait_for_chain(world.address());
    verify(&pebble.issuing_root(), &chain, "www.example.com");
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_key_that_may_not_write_is_found_out() {
    let world = World::new();
    let folder = &world.remote.folder;
    let pebble = Pebble::start(folder, world.address(), Behaviour::default());
    let (common, server) = (arguments(&pebble), world.address().to_string());
    let arguments: Vec<&str> = common.iter().map(String::as_str).chain(["--check", &server]).collect();
    let mut service = Letsencrypt::start(folder, world.address(), &TRANSFER, &arguments);
    Requester::new(folder, "www.example.com", &[]).ask(world.address(), &UPDATE);
    service.wait_for_log("the update of DNS failed");
    assert!(service.log().contains("REFUSED"), "{}", service.log());
}

#[test]
#[ignore = "needs cargo e2e"]
fn gitstead_certificate_writes_files_for_others() {
    let world = World::new();
    let folder = &world.remote.folder;
    let (ip, port) = (world.address().ip().to_string(), world.address().port().to_string());
    let key = format!("{}:SHA256:{}", UPDATE.name, UPDATE.secret);
    let out = folder.join("tls");
    let certificate = |patience: &str| {
        let mut command = built::command("gitstead", "deploy");
        command.args(["certificate", "www.example.com", "*.www.example.com", "--dns-server", &ip, "--port", &port]);
        command.args(["--dns-key", &key, "--patience", patience, "--out"]).arg(&out).output().unwrap()
    };
    let early = certificate("1");
    assert_eq!(early.status.code(), Some(75), "{early:?}");
    let _service = Letsencrypt::start(folder, world.address(), &ROOT, &["--issuer", "local:test"]);
    let first = certificate("60");
    assert!(first.status.success(), "{first:?}");
    assert!(String::from_utf8_lossy(&first.stdout).contains("www.example.com.pem: new"), "{first:?}");
    let second = certificate("60");
    assert!(second.status.success() && second.stdout.is_empty(), "{second:?}");
    // What openssl serves with it, curl believes.
    let root = folder.join("root.pem");
    std::fs::write(&root, Letsencrypt::run(&["--issuer", "local:test", "--print-root"]).output).unwrap();
    let server = free_address();
    let mut command = Command::new("openssl");
    command
        .args(["s_server", "-www", "-accept", &server.to_string(), "-cert_chain"])
        .arg(out.join("www.example.com.pem"));
    command.arg("-cert").arg(out.join("www.example.com.pem")).arg("-key").arg(out.join("www.example.com.key.pem"));
    let mut process = Process::start("s_server", &mut command, &folder.join("s_server.log"));
    process.wait_for_output("ACCEPT", |text| text.contains("ACCEPT"));
    curl(&root, "www.example.com", server);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_tls_server_provisions_itself() {
    let world = World::new();
    let folder = &world.remote.folder;
    let _service = Letsencrypt::start(folder, world.address(), &ROOT, &["--issuer", "local:test"]);
    let (listen, key) = (free_address(), format!("{}:SHA256:{}", HOST.name, HOST.secret));
    let mut command = built::example("tls_server", "letsencrypt");
    command.args(["host.example.com", &world.address().to_string(), &key, &listen.to_string()]);
    let _server = Process::start("tls_server", &mut command, &folder.join("tls_server.log"));
    wait::until("it listens", || std::net::TcpStream::connect(listen).is_ok());
    let root = folder.join("root.pem");
    std::fs::write(&root, Letsencrypt::run(&["--issuer", "local:test", "--print-root"]).output).unwrap();
    curl(&root, "host.example.com", listen);
    let mut client = Command::new("openssl");
    client.args(["s_client", "-verify_return_error", "-servername", "host.example.com"]);
    client.args(["-verify_hostname", "host.example.com", "-connect", &listen.to_string(), "-CAfile"]).arg(&root);
    let outcome = run(&mut client, "");
    assert!(outcome.success && outcome.output.contains("Verify return code: 0 (ok)"), "{}", outcome.output);
    assert_eq!(tlsa(world.address(), "host.example.com").len(), 3, "request, certificate, issuer");
}

#[test]
#[ignore = "needs cargo e2e"]
fn many_names_at_once() {
    const MANY: usize = 40;
    let world = World::new();
    let folder = &world.remote.folder;
    let pebble = Pebble::start(folder, world.address(), Behaviour::default());
    let requesters: Vec<Requester> =
        (0..MANY).map(|number| Requester::new(folder, &format!("h{number}.example.com"), &[])).collect();
    for requester in &requesters {
        requester.ask(world.address(), &UPDATE);
    }
    let start = Instant::now();
    let _service = with_pebble(&world, &pebble, &["--orders", "8"]);
    for requester in &requesters {
        requester.wait_for_chain(world.address());
    }
    println!("{MANY} certificates took {:?}", start.elapsed());
    assert_eq!(pebble.orders(), MANY);
}

fn curl(root: &std::path::Path, host: &str, server: std::net::SocketAddr) {
    let mut command = Command::new("curl");
    command.args(["-sSf", "--resolve", &format!("{host}:{}:{}", server.port(), server.ip()), "--cacert"]).arg(root);
    let outcome = run(command.arg(format!("https://{host}:{}/", server.port())), "");
    assert!(outcome.success, "{}", outcome.output);
}
