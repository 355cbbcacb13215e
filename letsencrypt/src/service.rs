//! The shell: zones, orders and the clock around the state machine that decides.

use std::sync::Arc;
use std::time::Duration;

use dns::Name;
use platform::{Boot, BootError, clock, entropy};
use tokio::sync::mpsc;

use crate::authority::{Acme, AnyAuthority, Https, Local};
use crate::certificate::{Certificate, Chain};
use crate::certifier::{Certifier, Effect, Failure, Settings, Slot, Window};
use crate::config::{Arguments, Config, IssuerConfig, ServeConfig};
use crate::metrics::Counters;
use crate::order::{self, Authority, World};
use crate::policy::{self, PolicyError, Uploader};
use crate::registry::Registry;
use crate::request::SigningRequest;
use crate::zones::Zones;

/// What the parts of the running service share.
struct Service {
    authority: AnyAuthority,
    registry: Registry,
    trusted: Vec<Name>,
    counters: Counters,
    events: mpsc::UnboundedSender<Event>,
    /// Certificates that the CA is to be asked about, one after the other.
    questions: mpsc::UnboundedSender<(Name, Box<Certificate>)>,
}

/// What the state machine waits for.
enum Event {
    Finished { host: Name, outcome: Result<Box<Chain>, Failure> },
    Advised { host: Name, certificate: Box<Certificate>, window: Option<Window>, again: u64 },
}

/// Runs the service until it is asked to end.
pub async fn run(boot: Boot, arguments: Arguments) -> Result<(), BootError> {
    match arguments.check()? {
        Config::PrintRoot(seed) => {
            print_root(&seed);
            Ok(())
        }
        Config::Serve(config) => serve(boot, *config).await,
    }
}

#[expect(clippy::print_stdout, reason = "it is what was asked for")]
fn print_root(seed: &str) {
    print!("{}", Local::new(seed).root_pem());
}

async fn serve(mut boot: Boot, config: ServeConfig) -> Result<(), BootError> {
    // Before the first zone: nobody outside shall know which names share a place in the tables.
    dns::name_hash::set_seed(entropy::u64());
    let zones = Zones::start(&boot.net, &boot.name, &config.key, config.primary, &config.zones);
    if !config.listen.is_empty() {
        zones.listen(&boot.net, config.listen.clone()).await?;
    }
    let (events, happened) = mpsc::unbounded_channel();
    let (questions, asked) = mpsc::unbounded_channel();
    let registry = Registry {
        net: boot.net.clone(),
        primary: config.primary,
        key: config.key.clone(),
        zones: zones.clone(),
        named_servers: config.named_servers.clone(),
    };
    let asks = matches!(config.issuer, IssuerConfig::Acme { .. });
    let service = Arc::new(Service {
        authority: authority(&boot, config.issuer),
        registry,
        trusted: config.trusted,
        counters: Counters::register(&boot.metrics),
        events,
        questions,
    });
    tokio::spawn(ask(Arc::clone(&service), asked));
    let certifier = Certifier::new(Settings { orders: config.orders, renewal: config.renewal, asks });
    boot.seal()?;
    tracing::info!("looking after the zones of {} with key {}", config.primary, config.key.name);
    tokio::select! {
        () = work(service, certifier, &zones, happened) => (),
        () = boot.shutdown.requested() => (),
    }
    Ok(())
}

fn authority(boot: &Boot, issuer: IssuerConfig) -> AnyAuthority {
    match issuer {
        IssuerConfig::Local { seed } => AnyAuthority::Local(Box::new(Local::new(&seed))),
        IssuerConfig::Acme { directory, registration, roots, profile } => {
            let https = Https::new(boot.net.clone(), &roots);
            AnyAuthority::Acme(Box::new(Acme::new(https, directory, *registration, profile)))
        }
    }
}

/// Lets the state machine see what happens, and does what it says.
async fn work(
    service: Arc<Service>,
    mut certifier: Certifier,
    zones: &Zones,
    mut happened: mpsc::UnboundedReceiver<Event>,
) {
    let mut changes = zones.changes();
    loop {
        let now = clock::unix_seconds();
        let wait = certifier.next_deadline().map(|at| Duration::from_secs(at.saturating_sub(now)));
        let timer = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        let effects = tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
                let slots = zones.slots();
                let judge = judge(&service, zones, &slots);
                certifier.observe(slots.clone(), &judge, clock::unix_seconds())
            }
            Some(event) = happened.recv() => service.take(&mut certifier, event),
            () = timer => certifier.due(clock::unix_seconds()),
        };
        for effect in effects {
            tokio::spawn(Arc::clone(&service).perform(effect));
        }
        service.counters.requests.set(certifier.len() as i64);
        service.counters.failing.set(certifier.failing() as i64);
        service.counters.orders.set(certifier.orders() as i64);
    }
}

/// Whether the sender of a request may have what it asks for, as the zones are now.
fn judge<'a>(
    service: &'a Service,
    zones: &Zones,
    slots: &'a [Slot],
) -> impl Fn(&Slot, &SigningRequest) -> Result<(), PolicyError> + 'a {
    let (set, issuer) = (zones.set(), service.authority.issuer());
    move |slot, request| {
        let also_at = |host: &Name| {
            let there = slots.iter().find(|slot| slot.host == *host);
            let requests = there.into_iter().flat_map(|slot| &slot.contents.requests);
            requests.filter_map(|der| SigningRequest::read(der).ok()).any(|other| other.key == request.key)
        };
        let uploader = Uploader { host: &slot.host, trusted: &service.trusted, also_at: &also_at };
        request.names.iter().try_for_each(|name| {
            uploader.may_have(name)?;
            policy::check_caa(&set, name, &issuer)
        })
    }
}

impl Service {
    fn take(&self, certifier: &mut Certifier, event: Event) -> Vec<Effect> {
        let now = clock::unix_seconds();
        match event {
            Event::Finished { host, outcome } => {
                match &outcome {
                    Ok(chain) => {
                        self.counters.issued.inc();
                        tracing::info!("{host}: {:?} is in DNS", chain.leaf);
                    }
                    Err(failure) => {
                        self.counters.failures.inc();
                        tracing::warn!("{host}: {}", failure.words);
                    }
                }
                certifier.finished(&host, outcome.map(|chain| *chain), now)
            }
            Event::Advised { host, certificate, window, again } => {
                certifier.advised(&host, &certificate, window, again, now)
            }
        }
    }

    async fn perform(self: Arc<Self>, effect: Effect) {
        let (host, done) = match effect {
            Effect::Order(job) => {
                tracing::info!("{}: {:?} is ordered", job.host, job.request);
                let outcome = order::run(&job, &self.authority, &self.registry).await.map(Box::new);
                // The receiver lives as long as the service.
                let _ = self.events.send(Event::Finished { host: job.host, outcome });
                return;
            }
            Effect::AskRenewal { host, certificate } => {
                let _ = self.questions.send((host, certificate));
                return;
            }
            Effect::Restore { host, contents, chain } => {
                tracing::info!("{host}: the certificate was taken away; it is put back");
                let done = self.registry.restore(&host, &contents, &chain).await;
                (host, done)
            }
            Effect::Tell { host, status } => {
                if let Some(status) = &status {
                    tracing::info!("{host}: {}", status.words);
                }
                let done = self.registry.tell(&host, status.as_ref()).await;
                (host, done)
            }
            Effect::Withdraw { host, proofs } => {
                let done = self.registry.withdraw(&host, &proofs).await;
                (host, done)
            }
        };
        if let Err(failure) = done {
            tracing::warn!("{host}: {}", failure.words);
        }
    }
}

async fn ask(service: Arc<Service>, mut asked: mpsc::UnboundedReceiver<(Name, Box<Certificate>)>) {
    while let Some((host, certificate)) = asked.recv().await {
        let (window, again) = service.authority.renewal(&certificate).await;
        let _ = service.events.send(Event::Advised { host, certificate, window, again });
    }
}
