//! Users, groups and app passwords over HTTP: robur's requests, which scripts send, and a few more that the page needs.
//!
//! ```text
//! PUT    /users/NAME                      with a new password as the body (or robur's ?password=…); with If-None-Match: *
//!                                         only if there is no such user
//! DELETE /users/NAME
//! POST   /users/NAME/app-passwords?label= the reply is the password, told once
//! DELETE /users/NAME/app-passwords/ID
//! PUT    /groups/NAME?members=a,b         likewise
//! DELETE /groups/NAME
//! PUT    /groups/NAME/users/USER          and DELETE
//! ```

use std::sync::Arc;

use bytes::Bytes;
use gitstore::Edit;
use http::{HeaderValue, StatusCode};
use platform::clock;

use crate::accounts::{self, AccountsError, Calendars, UserChange};
use crate::error::Error;
use crate::method::plain;
use crate::password::{self, StoredHash};
use crate::request::{Request, Response};
use crate::resource::Path;
use crate::service::Service;
use crate::service::follow;
use crate::service::writes::refusal;

/// Whether a path is one of these.
pub fn is_meant(path: &str) -> bool {
    matches!(path.trim_start_matches('/').split('/').next(), Some("users" | "groups"))
}

/// What is to be done.
#[derive(Clone, Debug)]
enum Task {
    SetPassword(String, StoredHash),
    RemoveUser(String),
    AddAppPassword(String, String),
    RemoveAppPassword(String, String),
    SetMembers(String, Vec<String>),
    RemoveGroup(String),
    AddMember(String, String),
    RemoveMember(String, String),
}

/// Does it, and commits it.
pub async fn handle(service: &Arc<Service>, request: &Request) -> Result<Response, Error> {
    let task = permitted(request)?;
    let (today, random) = (clock::rfc3339(request.now)[..10].to_owned(), request.random);
    let existed = match &task {
        Task::SetPassword(name, _) => service.published.world().user(name).is_some(),
        Task::SetMembers(name, _) => service.published.world().is_group(name),
        _ => true,
    };
    let only_new = request.header("if-none-match").is_some_and(|value| value.trim() == "*");
    let edit = move |edit: &mut Edit| carry_out(edit, &task, only_new, &today, random);
    let author = service.author(&request.login.user);
    let committed = service.store.commit(author, "Change accounts", edit).await;
    let secret = committed.map_err(|error| refusal(error.map_edit(to_error)))?.value;
    follow::publish(service);
    let mut response = plain(if existed { StatusCode::OK } else { StatusCode::CREATED });
    if let Some(secret) = secret {
        *response.status_mut() = StatusCode::CREATED;
        response.headers_mut().insert("content-type", HeaderValue::from_static("text/plain; charset=utf-8"));
        response.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
        *response.body_mut() = Bytes::from(secret);
    }
    Ok(response)
}

/// What is asked for by whoever may; a password is hashed for nobody else, since that takes long.
fn permitted(request: &Request) -> Result<Task, Error> {
    let path = Path::parse(&request.path)?;
    permit(request, &path)?;
    task(request, &path)
}

fn task(request: &Request, path: &Path) -> Result<Task, Error> {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    let own = |text: &str| text.to_owned();
    Ok(match (request.method.as_str(), segments.as_slice()) {
        ("PUT", ["users", name]) => Task::SetPassword(own(name), new_password(request)?),
        ("DELETE", ["users", name]) => Task::RemoveUser(own(name)),
        ("POST", ["users", name, "app-passwords"]) => {
            let label = request.parameter("label").or_else(|| request.parameter("name")).unwrap_or_default();
            Task::AddAppPassword(own(name), label)
        }
        ("DELETE", ["users", name, "app-passwords", id]) => Task::RemoveAppPassword(own(name), own(id)),
        ("PUT", ["groups", name]) => {
            let members = request.parameter("members").unwrap_or_default();
            let members = members.split(',').map(str::trim).filter(|member| !member.is_empty()).map(own).collect();
            Task::SetMembers(own(name), members)
        }
        ("DELETE", ["groups", name]) => Task::RemoveGroup(own(name)),
        ("PUT", ["groups", name, "users", user]) => Task::AddMember(own(name), own(user)),
        ("DELETE", ["groups", name, "users", user]) => Task::RemoveMember(own(name), own(user)),
        (method, _) => return Err(Error::NotAllowed { method: own(method), what: "this path" }),
    })
}

/// From the body; robur's scripts send it in the query.
fn new_password(request: &Request) -> Result<StoredHash, Error> {
    let password = match request.parameter("password") {
        Some(password) => password,
        None => {
            let text = std::str::from_utf8(&request.body);
            let text = text.map_err(|_| Error::BadRequest("the password is no UTF-8".to_owned()))?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    accounts::check_new_password(&password).map_err(to_error)?;
    let mut salt = [0; 16];
    salt.copy_from_slice(&request.random[..16]);
    Ok(password::hash(&password, salt))
}

/// An administrator may do all of it, everybody what is about their own passwords. A device that is lost is not to cost
/// the account, so its password is not enough.
fn permit(request: &Request, path: &Path) -> Result<(), Error> {
    let login = &request.login;
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    let is_own = match (request.method.as_str(), segments.as_slice()) {
        ("PUT", ["users", name])
        | ("POST", ["users", name, "app-passwords"])
        | ("DELETE", ["users", name, "app-passwords", _]) => **name == *login.user,
        _ => false,
    };
    match (login.administrator || is_own) && !login.with_app_password {
        true => Ok(()),
        false => Err(crate::method::missing(&request.path, "all")),
    }
}

/// The change; an app password if one was made.
fn carry_out(
    edit: &mut Edit,
    task: &Task,
    only_new: bool,
    today: &str,
    random: [u8; 20],
) -> Result<Option<String>, AccountsError> {
    match task {
        Task::SetPassword(name, hash) => {
            let change = UserChange { password: Some(hash.clone()), ..UserChange::default() };
            let changed = match only_new {
                true => Err(AccountsError::NoSuchUser(name.clone())),
                false => accounts::change_user(edit, name, &change),
            };
            match changed {
                Err(AccountsError::NoSuchUser(_)) => accounts::create_user(edit, name, &change, Calendars::Keep)?,
                other => other?,
            }
        }
        Task::SetMembers(name, _) if only_new && accounts::members(edit, name).is_ok() => {
            return Err(AccountsError::GroupExists(name.clone()));
        }
        Task::RemoveUser(name) => accounts::remove_user(edit, name, Calendars::Keep)?,
        Task::AddAppPassword(name, label) => {
            return accounts::add_app_password(edit, name, label, today, random)
                .map(|secret| Some(secret.text().to_owned()));
        }
        Task::RemoveAppPassword(name, id) => accounts::remove_app_password(edit, name, id)?,
        Task::SetMembers(name, members) => accounts::set_members(edit, name, members)?,
        Task::RemoveGroup(name) => accounts::remove_group(edit, name)?,
        Task::AddMember(name, user) => accounts::add_member(edit, name, user)?,
        Task::RemoveMember(name, user) => accounts::remove_member(edit, name, user)?,
    }
    Ok(None)
}

fn to_error(error: AccountsError) -> Error {
    match error {
        AccountsError::NoSuchUser(_) | AccountsError::NoSuchGroup(_) | AccountsError::NoSuchAppPassword { .. } => {
            Error::NotFound
        }
        AccountsError::UserExists(_) | AccountsError::GroupExists(_) => Error::PreconditionFailed(error.to_string()),
        AccountsError::Broken { path, error } => Error::Broken { path, reason: error.to_string() },
        AccountsError::Tree(error) => Error::Internal(error.to_string()),
        other => Error::BadRequest(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::webdav::access::Login;

    fn status(user: &str, method: &str, path: &str, password: &'static str) -> Option<StatusCode> {
        let login = Login { user: user.to_owned(), administrator: user == "admin", with_app_password: false };
        let request = Request {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            query: None,
            headers: HeaderMap::new(),
            body: Bytes::from(password),
            login,
            now: 0,
            random: [0; 20],
        };
        permitted(&request).err().map(|error| error.status())
    }

    #[test]
    fn the_permission_is_looked_at_before_the_password() {
        let (refused, bad) = (Some(StatusCode::FORBIDDEN), Some(StatusCode::BAD_REQUEST));
        assert_eq!(status("alice", "PUT", "/users/bob", ""), refused);
        assert_eq!((status("alice", "PUT", "/users/alice", ""), status("admin", "PUT", "/users/bob", "")), (bad, bad));
        assert_eq!(status("alice", "POST", "/users/alice/app-passwords", ""), None);
        assert_eq!(status("alice", "DELETE", "/users/alice", ""), refused);
        assert_eq!(status("alice", "PUT", "/groups/staff/users/alice", ""), refused);
    }
}
