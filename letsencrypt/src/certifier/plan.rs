//! When: renewals and tries after failures, as numbers.

use dns::Name;

use super::{Fault, within};
use crate::certificate::Certificate;

/// Seconds after each refusal in a row, as Let's Encrypt advises; the last one from then on.
const AFTER_REFUSALS: [u64; 4] = [60, 600, 6_000, 86_400];
/// Seconds after each trouble in a row; the last one from then on.
const AFTER_TROUBLE: [u64; 6] = [30, 60, 120, 300, 900, 3_600];
/// Seconds after so many orders for one host, where nothing failed: its request is another one each time, or the CA
/// wants each certificate renewed at once.
const AFTER_ORDERS: [u64; 5] = [0, 60, 600, 3_600, 86_400];
/// Seconds for which orders are counted: a certificate for the same names is to be had five times in a week.
const ORDERS: u64 = 7 * 86_400;
/// Certificates that hold for less, in seconds, are renewed at half of their time.
const SHORT: u64 = 10 * 86_400;

/// When a certificate is renewed, if the CA does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalRule {
    /// When a third of its time is left; a half, if that is less than ten days in all.
    Proportional,
    /// So many seconds before its end, but not in the first half of its time.
    Before(u64),
}

/// When a CA wants a certificate renewed (RFC 9773 section 4.2), in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From then on.
    pub start: u64,
    /// Until then.
    pub end: u64,
}

/// When to renew, in seconds since 1970: the same for the same certificate, also after a restart.
pub fn renewal(certificate: &Certificate, window: Option<Window>, rule: RenewalRule, host: &Name) -> u64 {
    let salt = certificate.fingerprint();
    match window {
        Some(Window { start, end }) => start + within(end.saturating_sub(start), host, &salt),
        None => {
            let left = left_at_renewal(certificate, rule);
            // Earlier by up to a twentieth, so that what was issued together is not renewed together.
            certificate.not_after - left - within(certificate.lifetime() / 20, host, &salt)
        }
    }
}

/// Whether it need not be renewed yet.
pub fn is_fresh(certificate: &Certificate, rule: RenewalRule, now: u64) -> bool {
    certificate.holds(now).is_ok() && certificate.not_after - left_at_renewal(certificate, rule) > now
}

fn left_at_renewal(certificate: &Certificate, rule: RenewalRule) -> u64 {
    let lifetime = certificate.lifetime();
    match rule {
        RenewalRule::Before(seconds) => seconds.min(lifetime / 2),
        RenewalRule::Proportional if lifetime < SHORT => lifetime / 2,
        RenewalRule::Proportional => lifetime / 3,
    }
}

/// Seconds until the next try, after so many failures in a row; at least one. Up to a tenth longer, by host.
pub fn wait(failures: u32, fault: Fault, host: &Name) -> u64 {
    let steps: &[u64] = match fault {
        Fault::Refused => &AFTER_REFUSALS,
        Fault::Trouble | Fault::Overload => &AFTER_TROUBLE,
    };
    let step = steps[(failures.max(1) as usize - 1).min(steps.len() - 1)];
    step + within(step / 10, host, &failures.to_be_bytes())
}

/// Takes note of an order.
pub fn note_start(starts: &mut Vec<u64>, now: u64) {
    starts.retain(|start| start + ORDERS > now);
    starts.push(now);
    // More are not told apart.
    if starts.len() > AFTER_ORDERS.len() {
        starts.remove(0);
    }
}

/// When the next order may start after those that did not fail, in seconds since 1970.
pub fn after_orders(starts: &mut Vec<u64>, now: u64) -> u64 {
    starts.retain(|start| start + ORDERS > now);
    let step = AFTER_ORDERS[starts.len().min(AFTER_ORDERS.len() - 1)];
    starts.last().map_or(now, |last| last + step)
}
