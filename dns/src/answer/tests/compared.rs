//! Cases in which other servers agreed with each other and not with us, each as small as it can be.

use super::*;

/// The proof that the wildcard was used is authority data and stood behind the glue, which then counted as authority.
#[test]
fn a_wildcard_alias_that_leads_to_a_referral() {
    let zone = crate::test_zone::zone(
        "example",
        "@ 60 SOA ns.elsewhere.test. root.elsewhere.test. 1 7200 900 86400 300\n@ 60 NS ns.elsewhere.test.
         @ 60 NSEC *.w NS SOA RRSIG NSEC\n*.w 60 CNAME h.sub\n*.w 60 NSEC sub CNAME RRSIG NSEC
         sub 60 NS ns.sub\nsub 60 NSEC @ NS RRSIG NSEC\nns.sub 60 A 192.0.2.1",
    );
    let zones = ZoneSet::new().with(zone);
    assert_eq!(
        ask("x.w.example A").dnssec().of(&zones),
        "NOERROR aa | x.w.example. CNAME h.sub.example. | sub.example. NS ns.sub.example.; \
         *.w.example. NSEC sub.example.; sub.example. NSEC example. | ns.sub.example. A 192.0.2.1"
    );
}

/// NSD, Knot and BIND send a DS beside a referral only when the zone is signed; asked for, it is there.
#[test]
fn a_ds_in_a_zone_that_is_not_signed() {
    let zones = zones(&[("example", "sub 60 NS ns.elsewhere.test.\nsub 60 DS 1")]);
    assert_eq!(ask("www.sub.example A").dnssec().of(&zones), "NOERROR |  | sub.example. NS ns.elsewhere.test.");
    assert_eq!(ask("sub.example DS").dnssec().of(&zones), "NOERROR aa | sub.example. DS ...");
}
