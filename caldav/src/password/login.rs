//! Whether somebody is who they say: app password, limits, memory of the last passwords, budget, slow comparison.
//!
//! An app password comes first, since nobody can guess one and comparing it is cheap: no attack keeps a phone from its
//! calendar. What was refused a moment ago is refused again, and not counted: a forgotten phone that repeats an old
//! password for ever must not make its whole network wait. What was accepted is looked up only after the limit, or it
//! would tell a guesser quickly what the limit is there to make slow.

use std::net::IpAddr;

use super::last_passwords::LastPasswords;
use super::limit::{LoginLimit, Network, Wait};
use super::{Credentials, StoredHash, compare_with_nothing};
use crate::repository::user::User;

/// What came of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are who they say; with the id of the app password, if it was one.
    Accepted {
        /// The id.
        app_password: Option<String>,
    },
    /// No such user, or another password: nobody is told which.
    Refused,
    /// Nothing was compared.
    Wait(Wait),
}

/// The state of all logins of a process.
#[derive(Debug)]
pub struct Logins {
    accepted: LastPasswords,
    refused: LastPasswords,
    limit: LoginLimit,
}

impl Logins {
    /// Nobody has logged in yet. `key` is random, and of this process only.
    pub fn new(key: [u8; 32], now: u64) -> Logins {
        Logins { accepted: LastPasswords::new(key), refused: LastPasswords::new(key), limit: LoginLimit::new(now) }
    }

    /// Compares; `user` is what is known of the user of that name, if there is one. Blocks for about 15 ms when it has
    /// to.
    pub fn check(&mut self, credentials: &Credentials, user: Option<&User>, client: IpAddr, now: u64) -> Verdict {
        let (name, password, network) =
            (credentials.user.as_str(), credentials.password.as_str(), Network::from(client));
        if let Some(app) = user.and_then(|user| user.app_password(password)).filter(|app| app.hash.accepts(password)) {
            self.limit.succeeded(network, name);
            return Verdict::Accepted { app_password: Some(app.id.clone()) };
        }
        let stored = user.and_then(|user| user.password.as_ref());
        if self.refused.contains(name, stored, password) {
            return Verdict::Refused;
        }
        if let Err(wait) = self.limit.check(network, name, now) {
            return Verdict::Wait(wait);
        }
        if !self.accepted.contains(name, stored, password) {
            if let Err(wait) = self.limit.spend(network, name, now) {
                return Verdict::Wait(wait);
            }
            if !compare(stored, password) {
                self.refused.remember(name, stored, password);
                self.limit.failed(network, name, now);
                return Verdict::Refused;
            }
            self.accepted.remember(name, stored, password);
        }
        self.limit.succeeded(network, name);
        Verdict::Accepted { app_password: None }
    }
}

/// As slow for users who are not there.
fn compare(stored: Option<&StoredHash>, password: &str) -> bool {
    match stored {
        Some(stored) => stored.accepts(password),
        None => {
            compare_with_nothing(password);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::password::AppSecret;
    use crate::password::testing::cheap;
    use crate::repository::user::AppPassword;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));
    const FAR: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn secret() -> AppSecret {
        AppSecret::new([3; 20], |_| false)
    }

    fn alice() -> User {
        let app = AppPassword {
            id: secret().id().to_owned(),
            label: "phone".to_owned(),
            created: None,
            hash: secret().hash(),
        };
        User { password: Some(cheap("a:b")), app_passwords: vec![app], ..User::default() }
    }

    fn login(logins: &mut Logins, password: &str, user: Option<&User>, client: IpAddr) -> Verdict {
        let credentials = Credentials { user: "alice".to_owned(), password: password.to_owned() };
        logins.check(&credentials, user, client, 0)
    }

    #[test]
    fn passwords_of_both_kinds_are_accepted_and_others_refused() {
        let (mut logins, alice) = (Logins::new([0; 32], 0), alice());
        let accepted = |app_password: Option<&str>| Verdict::Accepted { app_password: app_password.map(str::to_owned) };
        assert_eq!(login(&mut logins, "a:b", Some(&alice), HOME), accepted(None));
        assert_eq!(login(&mut logins, "a:b", Some(&alice), HOME), accepted(None));
        assert_eq!(login(&mut logins, secret().text(), Some(&alice), HOME), accepted(Some(secret().id())));
        for wrong in ["a", "", "x-y", &format!("{}-x", secret().id())] {
            assert_eq!(login(&mut logins, wrong, Some(&alice), HOME), Verdict::Refused, "{wrong}");
        }
        assert_eq!(login(&mut logins, "a:b", None, HOME), Verdict::Refused);
        assert_eq!(login(&mut logins, "a:b", Some(&User::default()), HOME), Verdict::Refused);
    }

    #[test]
    fn a_changed_hash_is_seen_at_once() {
        let (mut logins, mut alice) = (Logins::new([0; 32], 0), alice());
        login(&mut logins, "a:b", Some(&alice), HOME);
        alice.password = Some(cheap("new"));
        assert_eq!(login(&mut logins, "a:b", Some(&alice), HOME), Verdict::Refused);
        alice.app_passwords.clear();
        assert_eq!(login(&mut logins, secret().text(), Some(&alice), HOME), Verdict::Refused);
    }

    #[test]
    fn a_forgotten_phone_does_not_make_its_network_wait() {
        let (mut logins, alice) = (Logins::new([0; 32], 0), alice());
        assert!((0..1000).all(|_| login(&mut logins, "old", Some(&alice), HOME) == Verdict::Refused));
        assert_eq!(login(&mut logins, "a:b", Some(&alice), HOME), Verdict::Accepted { app_password: None });
        let changed = User { password: Some(cheap("old")), ..User::default() };
        assert_eq!(login(&mut logins, "old", Some(&changed), HOME), Verdict::Accepted { app_password: None });
    }

    #[test]
    fn who_guesses_waits_whether_the_user_exists_or_not() {
        for user in [Some(alice()), None] {
            let mut logins = Logins::new([0; 32], 0);
            login(&mut logins, "a:b", user.as_ref(), HOME);
            let answers: Vec<Verdict> =
                (0..12).map(|guess| login(&mut logins, &format!("x{guess}"), user.as_ref(), FAR)).collect();
            assert!(answers[..9].iter().all(|answer| *answer == Verdict::Refused), "{answers:?}");
            assert!(matches!(answers[11], Verdict::Wait(_)), "{answers:?}");
            // Not even the right one is looked at, except an app password, and except from a network that is known.
            assert!(matches!(login(&mut logins, "a:b", user.as_ref(), FAR), Verdict::Wait(_)));
            let accepted = |login: Verdict| matches!(login, Verdict::Accepted { .. });
            assert_eq!(accepted(login(&mut logins, secret().text(), user.as_ref(), FAR)), user.is_some());
            assert_eq!(accepted(login(&mut logins, "a:b", user.as_ref(), HOME)), user.is_some());
        }
    }
}
