//! The shell: the store, listeners and tasks around the functions that decide.

mod administration;
mod body;
mod exchange;
pub mod follow;
pub mod listener;
mod metrics;
mod past;
mod stalled;
mod subscriptions;
pub mod tls;
mod versions;
mod web;
mod writes;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use gitstore::{Identity, Store};
use http::HeaderMap;
use letsencrypt::client::Provisioned;
use platform::listen::in_flight::InFlight;
use platform::{ArgumentError, Boot, BootError, Net, clock, entropy};
use tokio_rustls::TlsAcceptor;

use crate::accounts::{self, AccountsError};
use crate::config::{Arguments, Config, ENDING_DEADLINE, Security};
use crate::context::{Health, Settings};
use crate::error::Error;
use crate::password::Logins;
use crate::webdav::lock::{LockChange, Locks};
use crate::world::Published;
use listener::Listener;
use metrics::Counters;
use past::Past;

/// What the parts of the running service share.
pub struct Service {
    /// `--name`.
    pub name: String,
    /// The repository on the remote.
    pub store: Store,
    /// What its trees mean.
    pub published: Published,
    /// What older trees were.
    pub past: Past,
    /// What the service was told.
    pub settings: Settings,
    /// What is counted.
    pub counters: Counters,
    /// `--pull-token`.
    pub pull_token: Option<String>,
    /// The network, for what is subscribed to.
    pub net: Net,
    trusts_proxy: bool,
    locks: Mutex<Arc<Locks>>,
    logins: Mutex<Logins>,
}

/// Runs the service until it is asked to end.
pub async fn run(mut boot: Boot, arguments: Arguments) -> Result<(), BootError> {
    let config = arguments.check(&boot.name)?;
    config.store.check_for(&boot)?;
    let listeners = listener::bind(&boot.net, &config).await?;
    tracing::info!("fetching {}", config.store.remote);
    let store = tokio::select! {
        store = Store::open(config.store.clone(), boot.net.clone()) => store,
        () = boot.shutdown.requested() => return Ok(()),
    };
    let store = store.map_err(|error| ArgumentError(error.to_string()))?;
    first_admin(&store, &config, &boot.name).await?;
    let service = Arc::new(Service::new(&boot, &config, store).await);
    let net = boot.net.clone();
    let acceptor = tokio::select! {
        acceptor = acceptor(net, &config) => acceptor?,
        () = boot.shutdown.requested() => return Ok(()),
    };
    let (in_flight, connections) = (InFlight::default(), listener::Connections::default());
    for Listener { listener, purpose } in listeners {
        listener::serve(listener, purpose, acceptor.clone(), &service, (&in_flight, &connections), &config);
    }
    tokio::spawn(follow::follow_changes(Arc::clone(&service)));
    if let Some(interval) = config.poll {
        tokio::spawn(follow::poll(Arc::clone(&service), interval));
    }
    tokio::spawn(subscriptions::keep_up(Arc::clone(&service)));
    boot.seal()?;
    let world = service.published.world();
    tracing::info!("serving {} users of {} on {:?}", world.users().count(), config.store.remote, config.addresses());
    boot.shutdown.requested().await;
    tracing::info!("ending: what is queued is pushed and answered first");
    let left = in_flight.finish(ENDING_DEADLINE).await;
    if left > 0 {
        tracing::warn!("ending although {left} connections are not done");
    }
    service.store.drain().await;
    Ok(())
}

/// TLS, where the service does it itself.
async fn acceptor(net: Net, config: &Config) -> Result<Option<TlsAcceptor>, ArgumentError> {
    let configuration = match &config.security {
        Security::Plain | Security::Proxy => return Ok(None),
        Security::Given(certificate) => tls::given(certificate)?,
        Security::Dns(wanted) => {
            tracing::info!("asking {} for a certificate", wanted.server);
            loop {
                match Provisioned::start(net.clone(), (**wanted).clone()).await {
                    Ok(provisioned) => break provisioned.server_config(),
                    Err(error) if error.is_temporary() => tracing::warn!("{error}; trying again"),
                    Err(error) => return Err(ArgumentError(error.to_string())),
                }
                tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            }
        }
    };
    Ok(Some(tls::acceptor(configuration)))
}

/// In a repository without users, `--admin-password` makes the first one.
async fn first_admin(store: &Store, config: &Config, name: &str) -> Result<(), BootError> {
    let Some(password) = &config.admin_password else { return Ok(()) };
    accounts::check_new_password(password).map_err(|error| ArgumentError(format!("--admin-password: {error}")))?;
    let hash = crate::password::hash(password, entropy::octets());
    let edit = move |edit: &mut gitstore::Edit| accounts::first_admin(edit, &hash);
    match store.commit(Identity::service(name), "Create the first administrator", edit).await {
        Ok(committed) if committed.value => {
            tracing::info!("the user {} was made", accounts::FIRST_ADMINISTRATOR);
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(error) => {
            let error: gitstore::CommitError<AccountsError> = error;
            Err(BootError::Surroundings(format!("the first administrator cannot be made: {error}")))
        }
    }
}

impl Service {
    async fn new(boot: &Boot, config: &Config, store: Store) -> Service {
        let past = Past::default();
        let (mut published, mut first) = Published::begin(&[], &store.snapshot());
        if !first.broke.is_empty() {
            let before = past.whole(&store, &published.world()).await;
            (published, first) = Published::begin(&before, &store.snapshot());
        }
        let service = Service {
            name: boot.name.clone(),
            counters: Counters::register(&boot.metrics, &store),
            store,
            published,
            past,
            settings: config.settings.clone(),
            pull_token: config.pull_token.clone(),
            net: boot.net.clone(),
            trusts_proxy: matches!(config.security, Security::Proxy),
            locks: Mutex::default(),
            logins: Mutex::new(Logins::new(entropy::octets(), clock::unix_seconds())),
        };
        service.past.remember(service.published.world().snapshot());
        follow::report(&service, &first);
        service.counters.follow(&service.published.world());
        service
    }

    /// What is locked.
    pub fn locks(&self) -> Arc<Locks> {
        Arc::clone(&self.locks.lock().expect("no holder of the locks panics"))
    }

    /// Changes the table of locks.
    pub fn change_locks(&self, change: &LockChange) -> Result<(), Error> {
        let mut locks = self.locks.lock().expect("no holder of the locks panics");
        Arc::make_mut(&mut locks).apply(change, clock::unix_seconds())
    }

    /// Who has logged in, and who may try.
    pub fn logins(&self) -> MutexGuard<'_, Logins> {
        self.logins.lock().expect("no holder of the logins panics")
    }

    /// Who makes a change, as commits name them.
    pub fn author(&self, user: &str) -> Identity {
        writes::identity(&self.published.world(), user, &self.settings.hostname)
    }

    /// How the repository is doing.
    pub fn health(&self) -> Health {
        let status = self.store.status();
        let now = clock::unix_seconds();
        let moment = |at: Option<Instant>| at.map(|at| now.saturating_sub(at.elapsed().as_secs()));
        Health {
            is_reachable: status.reachable,
            last_error: status.last_error,
            last_pull: moment(status.last_pull),
            last_push: moment(status.last_push),
        }
    }

    /// Behind a proxy, who the proxy says it is.
    pub fn client_address(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        if !self.trusts_proxy {
            return peer;
        }
        // The last one is what the proxy itself saw; those before it are what its client claims.
        let said = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
        let last = said.and_then(|said| said.rsplit(',').next()).map(str::trim);
        let parse = |text: &str| text.parse::<IpAddr>().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
        last.and_then(parse).unwrap_or(peer)
    }
}
