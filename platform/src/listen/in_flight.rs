//! What was asked and is not answered yet: counted, so that a service which is asked to end can finish it first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

/// The count of a service's requests; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<State>);

#[derive(Debug, Default)]
struct State {
    count: AtomicUsize,
    none_left: Notify,
    closing: watch::Sender<bool>,
}

/// One request, or one connection that may still have some, until it is dropped.
#[derive(Debug)]
pub struct Ticket(InFlight);

impl InFlight {
    /// Counts one.
    pub fn add(&self) -> Ticket {
        self.0.count.fetch_add(1, Ordering::SeqCst);
        Ticket(self.clone())
    }

    /// Whether nothing new is taken on.
    pub fn is_closing(&self) -> bool {
        *self.0.closing.borrow()
    }

    /// Waits until nothing new is taken on.
    pub async fn closing(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.closing.subscribe().wait_for(|closing| *closing).await;
    }

    /// Has listeners and connections take nothing new on, and waits until all is answered, for so long at most; returns
    /// how much is left.
    pub async fn finish(&self, deadline: Duration) -> usize {
        self.0.closing.send_replace(true);
        let none_left = async {
            while self.0.count.load(Ordering::SeqCst) > 0 {
                self.0.none_left.notified().await;
            }
        };
        let _ = tokio::time::timeout(deadline, none_left).await;
        self.0.count.load(Ordering::SeqCst)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let state = &self.0.0;
        if state.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            // Kept for who waits next, so that it cannot come between a look at the count and the waiting.
            state.none_left.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_one_ends_the_waiting() {
        let in_flight = InFlight::default();
        let tickets = [in_flight.add(), in_flight.add()];
        let waiting = tokio::spawn({
            let in_flight = in_flight.clone();
            async move { in_flight.finish(Duration::from_secs(60)).await }
        });
        in_flight.closing().await;
        assert!(in_flight.is_closing() && !waiting.is_finished());
        drop(tickets);
        assert_eq!(waiting.await.unwrap(), 0);
        let _late = in_flight.add();
        assert_eq!(in_flight.finish(Duration::from_millis(1)).await, 1);
    }
}
