//! A server for tests: a repository in memory, and requests as texts.
//!
//! The world is read anew from the files for each request, so that whatever a test sees has survived a restart.

use bytes::Bytes;
use gitstore::Snapshot;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::calendar_server;
use crate::context::{Context, Health, Settings};
use crate::method::{Outcome, Write};
use crate::request::{Request, Response};
use crate::webdav::access::Login;
use crate::webdav::lock::Locks;
use crate::world::{Parser, World};

/// A server.
#[derive(Debug)]
pub struct Server {
    snapshot: Snapshot,
    pub settings: Settings,
    locks: Locks,
    requests: u64,
    /// What the last change was called.
    pub message: String,
}

/// A reply.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    headers: HeaderMap,
    pub body: String,
}

impl Reply {
    /// A header field; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Server {
    /// A server at example.org that has these users, with a calendar `work` each.
    pub fn of(users: &[&str]) -> Server {
        let mut server = Server::of_files(&[]);
        for user in users {
            server = server.with(&format!("users/{user}.toml"), "");
            server = server.with(&format!("calendars/{user}/work/.calendar.toml"), "");
        }
        server
    }

    /// A server of these files.
    pub fn of_files(files: &[(&str, &str)]) -> Server {
        let files = files.iter().map(|(path, text)| (*path, Bytes::from((*text).to_owned())));
        let settings = Settings {
            hostname: "example.org".to_owned(),
            max_resource_size: 1 << 20,
            quota: 10 << 20,
            remote: String::new(),
            subscribes_to_private: false,
        };
        let (snapshot, locks) = (Snapshot::of_files(files).unwrap(), Locks::default());
        Server { snapshot, settings, locks, requests: 0, message: String::new() }
    }

    /// The same with a file more, or another one.
    pub fn with(mut self, path: &str, text: &str) -> Server {
        let mut edit = self.snapshot.edit();
        edit.write(path, text.to_owned()).unwrap();
        self.snapshot = edit.tree();
        self
    }

    /// Sends a request: a line with method and path, lines of header fields, an empty line, a body.
    pub fn ask(&mut self, user: &str, text: &str) -> Reply {
        self.requests += 1;
        let request = request(user, text, self.requests);
        let parser = Parser::default();
        let world = World::empty().advance(&self.snapshot, &parser).world;
        let (locks, health) = (self.locks.clone(), Health::default());
        let context = Context {
            world: &world,
            request: &request,
            locks: &locks,
            parser: &parser,
            settings: &self.settings,
            health: &health,
        };
        let response = match calendar_server::handle(&context) {
            Ok(Outcome::Reply(response)) => response,
            Ok(Outcome::Locks(change, response)) => {
                self.locks.apply(&change, request.now).unwrap();
                response
            }
            Ok(Outcome::Change(change)) => {
                let mut edit = self.snapshot.edit();
                for write in change.writes {
                    match write {
                        Write::File(path, octets) => edit.write(&path, octets).unwrap(),
                        Write::Remove(path) => edit.remove(&path).unwrap(),
                    }
                }
                self.snapshot = edit.tree();
                self.message = format!("{user}: {}", change.message);
                change.response
            }
            Ok(Outcome::History(_)) => panic!("a repository in memory has no history"),
            Err(error) => error.response(),
        };
        reply(response)
    }

    /// Stores an object, which must be taken.
    pub fn put(&mut self, user: &str, path: &str, octets: &str) -> Reply {
        let reply = self.ask(user, &format!("PUT {path}\n\n{octets}"));
        assert!((200..300).contains(&reply.status), "{} {}", reply.status, reply.body);
        reply
    }

    /// A file, its long lines unfolded.
    pub fn file(&self, path: &str) -> String {
        let octets = self.snapshot.read(path).unwrap_or_else(|_| panic!("there is no {path}"));
        String::from_utf8(octets.to_vec()).unwrap().replace("\r\n", "\n").replace("\n ", "")
    }

    /// The names of the files in a directory.
    pub fn names(&self, directory: &str) -> Vec<String> {
        let all = self.snapshot.list(directory).into_iter().map(|entry| entry.name);
        all.filter(|name| !name.starts_with('.')).collect()
    }

    /// The only object in somebody's calendar `work`.
    pub fn only(&self, user: &str) -> String {
        let directory = format!("calendars/{user}/work");
        match self.names(&directory).as_slice() {
            [name] => self.file(&format!("{directory}/{name}")),
            names => panic!("{directory} has {names:?}"),
        }
    }

    /// The messages in somebody's inbox, in the order in which they came.
    pub fn inbox(&self, user: &str) -> Vec<String> {
        let directory = format!("calendars/{user}/inbox");
        self.names(&directory).iter().map(|name| self.file(&format!("{directory}/{name}"))).collect()
    }
}

fn request(user: &str, text: &str, number: u64) -> Request {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query.to_owned())));
    let mut random = [0; 20];
    random[..8].copy_from_slice(&number.to_be_bytes());
    Request {
        method: method.parse().unwrap(),
        path: path.to_owned(),
        query,
        headers,
        body: Bytes::from(body.to_owned()),
        login: Login { user: user.to_owned(), ..Login::default() },
        now: 1_772_000_000 + number,
        random,
    }
}

fn reply(response: Response) -> Reply {
    let (parts, body) = response.into_parts();
    Reply { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}
