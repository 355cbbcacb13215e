//! What the crate logs as a warning, for a test to wait for.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

pub struct Warnings {
    received: UnboundedReceiver<String>,
    _guard: DefaultGuard,
}

impl Warnings {
    /// Listens on this thread from now on.
    pub fn listen() -> Warnings {
        let (sender, received) = unbounded_channel();
        Warnings { received, _guard: tracing::subscriber::set_default(Listener(sender)) }
    }

    pub async fn next(&mut self) -> String {
        self.received.recv().await.unwrap()
    }
}

struct Listener(UnboundedSender<String>);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target().starts_with("gitstore")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Message(&self.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Message<'a>(&'a UnboundedSender<String>);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            let _ = self.0.send(format!("{value:?}"));
        }
    }
}
