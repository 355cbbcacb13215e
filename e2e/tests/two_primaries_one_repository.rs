//! Two primaries take updates of one repository at the same time: all arrive, none twice.

use std::net::SocketAddr;
use std::thread;

use e2e::clients::nsupdate;
use e2e::samples::UPDATE;
use e2e::wait;
use e2e::world::Scene;

const CLIENTS: usize = 4;
const UPDATES: usize = 25;

#[test]
#[ignore = "needs cargo e2e"]
fn all_updates_arrive_and_none_twice() {
    let remote = Scene::new().argument("--poll", "1").remote();
    let one = remote.arguments().serving(&remote.folder);
    let other = remote.arguments().serving(&remote.folder);
    let servers = [one.address(), other.address()];
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || update_often(client, servers[client % 2]));
        }
    });
    let text = remote.repository.read("example.com");
    for client in 0..CLIENTS {
        for number in 0..UPDATES {
            let found = text.split_whitespace().filter(|word| **word == *format!("c{client}n{number}")).count();
            assert_eq!(found, 1, "c{client}n{number}");
        }
    }
    let commits = remote.repository.commits();
    assert_eq!(commits, 1 + CLIENTS * UPDATES, "each update is a commit of its own");
    remote.repository.check();
    let last = format!("c{}n{}.example.com A +short", CLIENTS - 1, UPDATES - 1);
    for server in servers {
        wait::until_equal("192.0.2.1".to_owned(), || e2e::clients::dig(server, &last));
    }
    for server in servers {
        wait::until_equal(Some(2_024_010_101 + (CLIENTS * UPDATES) as u32), || {
            e2e::clients::serial(server, "example.com")
        });
    }
}

fn update_often(client: usize, server: SocketAddr) {
    for number in 0..UPDATES {
        let command = format!("update add c{client}n{number}.example.com 60 A 192.0.2.1");
        let outcome = nsupdate(server, &UPDATE, &command);
        assert!(outcome.success, "c{client}n{number}: {}", outcome.output);
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn both_delete_and_add_the_same_name_under_a_condition() {
    let remote = Scene::new().argument("--poll", "1").remote();
    let primaries = [remote.arguments().serving(&remote.folder), remote.arguments().serving(&remote.folder)];
    let servers = primaries.each_ref().map(e2e::primary::Primary::address);
    let winners: usize = thread::scope(|scope| {
        let claims: Vec<_> = (0..8)
            .map(|client| {
                scope.spawn(move || {
                    let command =
                        format!("prereq nxdomain lock.example.com\nupdate add lock.example.com 60 TXT owner{client}");
                    usize::from(nsupdate(servers[client % 2], &UPDATE, &command).success)
                })
            })
            .collect();
        claims.into_iter().map(|claim| claim.join().expect("a client does not panic")).sum()
    });
    assert_eq!(winners, 1, "a prerequisite is checked against what the remote holds");
    assert_eq!(remote.repository.read("example.com").matches("owner").count(), 1);
}
