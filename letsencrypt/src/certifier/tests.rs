//! What the state machine asks for, and when.

use rcgen::{CertificateParams, DistinguishedName, KeyPair};

use super::*;
use crate::authority::Local;

const NOW: u64 = 1_800_000_000;
const DAY: u64 = 86_400;

fn settings() -> Settings {
    Settings { orders: 2, renewal: RenewalRule::Proportional, asks: false }
}

fn request(host: &str) -> Vec<u8> {
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.serialize_request(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn slot(host: &str, requests: &[Vec<u8>], leaves: &[&Chain]) -> Slot {
    let leaves = leaves.iter().map(|chain| chain.leaf.der.clone()).collect();
    let contents = Contents { requests: requests.to_vec(), leaves, issuers: vec![] };
    Slot { host: host.parse().unwrap(), contents, status: None }
}

fn anything(_: &Slot, _: &SigningRequest) -> Result<(), PolicyError> {
    Ok(())
}

fn chain(request: &[u8], now: u64, lifetime: u64) -> Chain {
    Local::new("test").chain(&SigningRequest::read(request).unwrap(), now, lifetime).unwrap()
}

fn ordered(effects: &[Effect]) -> Vec<String> {
    let host = |effect: &Effect| if let Effect::Order(job) = effect { Some(job.host.to_string()) } else { None };
    effects.iter().filter_map(host).collect()
}

fn told(effects: &[Effect]) -> Option<&Option<Status>> {
    effects.iter().find_map(|effect| if let Effect::Tell { status, .. } = effect { Some(status) } else { None })
}

#[test]
fn a_request_is_ordered_once() {
    let (mut certifier, der) = (Certifier::new(settings()), request("a.example"));
    let slots = || vec![slot("a.example", std::slice::from_ref(&der), &[])];
    assert_eq!(ordered(&certifier.observe(slots(), &anything, NOW)), ["a.example."]);
    // Other changes of the zone do not start it again.
    assert!(certifier.observe(slots(), &anything, NOW + 1).is_empty());
    assert!(certifier.observe(vec![slot("a.example", std::slice::from_ref(&der), &[])], &anything, NOW + 2).is_empty());
}

#[test]
fn what_is_good_is_not_ordered_again_after_a_restart() {
    let der = request("a.example");
    let good = chain(&der, NOW, 90 * DAY);
    let mut certifier = Certifier::new(settings());
    let slots = vec![slot("a.example", std::slice::from_ref(&der), &[&good])];
    assert!(certifier.observe(slots, &anything, NOW + DAY).is_empty());
    let renewal = certifier.next_deadline().unwrap();
    assert!((NOW + 55 * DAY..=NOW + 60 * DAY).contains(&renewal), "a third is left, more or less");
    assert!(certifier.due(renewal - 1).is_empty());
    let effects = certifier.due(renewal);
    let Some(Effect::Order(job)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(job.replaces, Some(good.leaf));
}

#[test]
fn short_and_long_certificates_have_their_times() {
    for (lifetime, from, to) in [(6 * DAY, 2, 3), (45 * DAY, 27, 30), (90 * DAY, 55, 60)] {
        let der = request("a.example");
        let good = chain(&der, NOW, lifetime);
        let mut certifier = Certifier::new(settings());
        certifier.observe(vec![slot("a.example", std::slice::from_ref(&der), &[&good])], &anything, NOW);
        let days = (certifier.next_deadline().unwrap() - NOW) / DAY;
        assert!((from..=to).contains(&days), "{lifetime}: {days}");
    }
}

#[test]
fn a_certificate_for_something_else_does_not_count() {
    let (der, other) = (request("a.example"), request("a.example"));
    for wrong in [chain(&other, NOW, 90 * DAY), chain(&der, NOW - 100 * DAY, 90 * DAY)] {
        let mut certifier = Certifier::new(settings());
        let slots = vec![slot("a.example", std::slice::from_ref(&der), &[&wrong])];
        assert_eq!(ordered(&certifier.observe(slots, &anything, NOW)).len(), 1);
    }
    // Of several, the one that holds longest does.
    let (old, new) = (chain(&der, NOW - 80 * DAY, 90 * DAY), chain(&der, NOW, 90 * DAY));
    let mut certifier = Certifier::new(settings());
    let slots = vec![slot("a.example", std::slice::from_ref(&der), &[&old, &new])];
    assert!(ordered(&certifier.observe(slots, &anything, NOW)).is_empty());
}

#[test]
fn as_many_orders_as_may_be_and_the_rest_waits() {
    let hosts: Vec<String> = (0..5).map(|number| format!("h{number}.example")).collect();
    let ders: Vec<Vec<u8>> = hosts.iter().map(|host| request(host)).collect();
    let slots = hosts.iter().zip(&ders).map(|(host, der)| slot(host, std::slice::from_ref(der), &[])).collect();
    let mut certifier = Certifier::new(settings());
    let mut open = ordered(&certifier.observe(slots, &anything, NOW));
    let mut seen = vec![];
    while let Some(host) = open.pop() {
        assert!(open.len() < 2);
        let place = hosts.iter().position(|other| *host.trim_end_matches('.') == **other).unwrap();
        let effects = certifier.finished(&host.parse().unwrap(), Ok(chain(&ders[place], NOW, 90 * DAY)), NOW);
        open.extend(ordered(&effects));
        seen.push(host);
    }
    seen.sort();
    assert_eq!(seen.len(), 5);
    assert_eq!(certifier.orders(), 0);
}

#[test]
fn refusals_are_tried_again_ever_more_rarely_and_said_aloud() {
    let (mut certifier, der, host) = (Certifier::new(settings()), request("a.example"), "a.example".parse().unwrap());
    let mut now = NOW;
    certifier.observe(vec![slot("a.example", std::slice::from_ref(&der), &[])], &anything, now);
    for step in [60, 600, 6_000, 86_400, 86_400] {
        let effects = certifier.finished(&host, Err(Failure::new(Fault::Refused, "no")), now);
        let status = told(&effects).unwrap().clone().unwrap();
        assert!(status.words.starts_with("no; tried again at "), "{}", status.words);
        let next = certifier.next_deadline().unwrap();
        assert_eq!(status.next, Some(next));
        assert!((step..=step + step / 10).contains(&(next - now)), "{step}: {}", next - now);
        // The words themselves are a change of the zone.
        let mut seen = slot("a.example", std::slice::from_ref(&der), &[]);
        seen.status = Some(status);
        assert!(ordered(&certifier.observe(vec![seen], &anything, now + 1)).is_empty());
        now = next;
        assert_eq!(ordered(&certifier.due(now)).len(), 1);
    }
}

#[test]
fn failures_are_remembered_over_a_restart() {
    let der = request("a.example");
    let mut certifier = Certifier::new(settings());
    certifier.observe(vec![slot("a.example", std::slice::from_ref(&der), &[])], &anything, NOW);
    let host = "a.example".parse().unwrap();
    let effects = certifier.finished(&host, Err(Failure::new(Fault::Refused, "no")), NOW);
    let mut seen = slot("a.example", std::slice::from_ref(&der), &[]);
    seen.status = told(&effects).unwrap().clone();
    let mut restarted = Certifier::new(settings());
    assert!(ordered(&restarted.observe(vec![seen.clone()], &anything, NOW + 1)).is_empty());
    assert_eq!(restarted.next_deadline(), certifier.next_deadline());
    // Another request is another matter.
    let other = request("a.example");
    seen.contents.requests = vec![other];
    assert_eq!(ordered(&Certifier::new(settings()).observe(vec![seen], &anything, NOW + 1)).len(), 1);
}

/// A client that makes a new key at each start, and starts again and again.
#[test]
fn ever_new_requests_are_not_all_ordered() {
    let mut certifier = Certifier::new(settings());
    let (mut orders, host) = (0, "a.example".parse().unwrap());
    for hour in 0..7 * 24 {
        let now = NOW + hour * 3600;
        let mut effects = certifier.observe(vec![slot("a.example", &[request("a.example")], &[])], &anything, now);
        effects.extend(certifier.due(now));
        for _ in 0..ordered(&effects).len() {
            orders += 1;
            certifier.finished(&host, Err(Failure::new(Fault::Trouble, "gone")), now);
        }
    }
    assert!((5..=11).contains(&orders), "{orders} orders in a week");
}

#[test]
fn what_must_change_first_is_said_once_and_heard_at_once_when_it_has() {
    let der = request("a.example");
    let twice = vec![slot("a.example", &[der.clone(), request("a.example")], &[])];
    let mut certifier = Certifier::new(settings());
    let effects = certifier.observe(twice.clone(), &anything, NOW);
    assert!(told(&effects).unwrap().as_ref().unwrap().words.contains("several requests"));
    assert_eq!(certifier.failing(), 1);
    let refuse = |_: &Slot, _: &SigningRequest| Err(PolicyError::NoZone("a.example".to_owned()));
    let effects = certifier.observe(vec![slot("a.example", std::slice::from_ref(&der), &[])], &refuse, NOW + 1);
    assert!(told(&effects).unwrap().as_ref().unwrap().words.contains("no zone"));
    let effects = certifier.observe(vec![slot("a.example", std::slice::from_ref(&der), &[])], &anything, NOW + 2);
    assert_eq!(ordered(&effects).len(), 1);
}

#[test]
fn a_certificate_that_was_taken_away_is_put_back_without_an_order() {
    let (mut certifier, der, host) = (Certifier::new(settings()), request("a.example"), "a.example".parse().unwrap());
    certifier.observe(vec![slot("a.example", std::slice::from_ref(&der), &[])], &anything, NOW);
    let issued = chain(&der, NOW, 90 * DAY);
    certifier.finished(&host, Ok(issued.clone()), NOW);
    certifier.observe(vec![slot("a.example", std::slice::from_ref(&der), &[&issued])], &anything, NOW + 1);
    // A client that was started again uploads its request in place of everything.
    let effects = certifier.observe(vec![slot("a.example", std::slice::from_ref(&der), &[])], &anything, NOW + DAY);
    let [Effect::Restore { chain, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(**chain, issued);
    // It is some time before DNS shows it.
    assert_eq!(certifier.next_deadline(), Some(NOW + DAY + SETTLE));
    certifier.observe(vec![slot("a.example", std::slice::from_ref(&der), &[&issued])], &anything, NOW + DAY + 1);
    assert!(certifier.due(NOW + 30 * DAY).is_empty());
}

#[test]
fn an_overloaded_ca_is_left_alone_by_everybody() {
    let (one, two) = (request("a.example"), request("b.example"));
    let mut certifier = Certifier::new(Settings { orders: 1, ..settings() });
    let slots = vec![slot("a.example", &[one], &[]), slot("b.example", &[two], &[])];
    assert_eq!(ordered(&certifier.observe(slots, &anything, NOW)).len(), 1);
    let failure = Failure { retry_after: Some(500), ..Failure::new(Fault::Overload, "busy") };
    let effects = certifier.finished(&"a.example".parse().unwrap(), Err(failure), NOW);
    assert!(ordered(&effects).is_empty());
    assert!(certifier.due(NOW + 499).is_empty());
    assert_eq!(ordered(&certifier.due(NOW + 500)).len(), 1);
}

#[test]
fn the_ca_says_when_to_renew() {
    let der = request("a.example");
    let good = chain(&der, NOW, 90 * DAY);
    let mut certifier = Certifier::new(Settings { asks: true, ..settings() });
    let slots = || vec![slot("a.example", std::slice::from_ref(&der), &[&good])];
    let effects = certifier.observe(slots(), &anything, NOW);
    assert!(matches!(effects.as_slice(), [Effect::AskRenewal { .. }]), "{effects:?}");
    let host = "a.example".parse().unwrap();
    let window = Window { start: NOW + 3 * DAY, end: NOW + 4 * DAY };
    certifier.advised(&host, &good.leaf, Some(window), 6 * 3600, NOW);
    assert_eq!(certifier.next_deadline(), Some(NOW + 6 * 3600));
    assert!(matches!(certifier.due(NOW + 6 * 3600).as_slice(), [Effect::AskRenewal { .. }]));
    // It has nothing to say this time, which does not undo what it said.
    certifier.advised(&host, &good.leaf, None, 10 * DAY, NOW + 6 * 3600);
    let at = certifier.next_deadline().unwrap();
    assert!((window.start..window.end).contains(&at));
    assert_eq!(ordered(&certifier.due(at)).len(), 1);
}

#[test]
fn proofs_that_were_left_behind_are_taken_away_after_a_restart() {
    let der = request("a.example");
    let mut seen = slot("a.example", std::slice::from_ref(&der), &[]);
    let proofs: Vec<(Name, String)> = vec![("_acme-challenge.a.example".parse().unwrap(), "x".to_owned())];
    let request = Some(SigningRequest::read(&der).unwrap().identity().short());
    seen.status = Some(Status { request, proofs: proofs.clone(), ..Status::default() });
    let effects = Certifier::new(settings()).observe(vec![seen], &anything, NOW);
    assert!(matches!(&effects[0], Effect::Withdraw { proofs: found, .. } if *found == proofs), "{effects:?}");
    assert_eq!(ordered(&effects).len(), 1);
}
