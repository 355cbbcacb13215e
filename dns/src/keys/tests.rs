//! Facts about key names: the first two tables are those that MirageOS pins (operation ladder, names, access).

use super::*;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn key(text: &str) -> Key {
    Key::new(name(text), Algorithm::HmacSha256, b"secret")
}

fn root_or(text: &str) -> Name {
    if text.is_empty() { Name::root() } else { name(text) }
}

#[test]
fn what_a_name_grants() {
    let table = [
        (".", None),
        ("foo.com", None),
        ("this.is.my.transfer.or.update.or.notify.foo.com", None),
        ("this.is.my.transfer.or._update._or.notify.foo.com", None),
        ("this.is.my.transfer.or._update.or.notify.foo.com", Some((Right::Update, "or.notify.foo.com"))),
        ("_transfer.foo.com", Some((Right::Transfer, "foo.com"))),
        ("_update._transfer", Some((Right::Transfer, ""))),
        ("_update.foo._transfer.com", Some((Right::Transfer, "com"))),
        ("_notify.foo._update.com", Some((Right::Update, "com"))),
        ("_update.foo._notify.com", Some((Right::Notify, "com"))),
        ("_transfer.foo._notify.com", Some((Right::Notify, "com"))),
        ("_transfer.foo.notify.com", Some((Right::Transfer, "foo.notify.com"))),
        ("x._UPDATE.Foo.com", Some((Right::Update, "foo.com"))),
        ("x._key-management.foo.com", None),
    ];
    for (text, expected) in table {
        let expected = expected.map(|(right, zone)| Grant { right, zone: root_or(zone) });
        assert_eq!(key(text).grant().cloned(), expected, "{text}");
    }
}

#[test]
fn what_a_key_may() {
    let rights = [Right::Notify, Right::Transfer, Right::Update];
    let zones = [
        ("example.com", "", true),
        ("example.com", ".example.com", true),
        ("foo.example.com", ".example.com", true),
        ("example2.com", ".example.com", false),
        ("com", ".example.com", false),
        (".", ".example.com", false),
        (".", "", true),
    ];
    for (zone, below, inside) in zones {
        for (given, label) in [(0, "_notify"), (1, "_transfer"), (2, "_update")] {
            let key = key(&format!("foo.{label}{below}"));
            for (asked, right) in rights.iter().enumerate() {
                assert_eq!(key.may(*right, &name(zone)), inside && asked <= given, "{right:?} {zone} {key:?}");
            }
        }
    }
    assert!(rights.iter().all(|right| !key("foo.example.com").may(*right, &name("foo.example.com"))));
}

#[test]
fn addresses_in_transfer_names() {
    let addresses = |text: &str| {
        let TransferAddresses { primary, secondary } = key(text).transfer_addresses();
        (primary.map(|ip| ip.to_string()), secondary.map(|ip| ip.to_string()))
    };
    let both = (Some("1.2.3.4".to_owned()), Some("5.6.7.8".to_owned()));
    let one = (Some("1.2.3.4".to_owned()), None);
    assert_eq!(addresses("1.2.3.4.5.6.7.8._transfer.one.com"), both);
    assert_eq!(addresses("x.1.2.3.4.5.6.7.8._transfer"), both);
    assert_eq!(addresses("x.1.2.3.4._transfer.one.com"), one);
    assert_eq!(addresses("1.2.3.4._transfer"), one);
    for none in
        ["x._transfer.a", "1.2.3.4.5.6.7.8._update.a", "2.3.4._transfer.a", "1.2.3.256._transfer", "1.2.3.04._transfer"]
    {
        assert_eq!(addresses(none), (None, None), "{none}");
    }
}

#[test]
fn key_strings() {
    let key: Key = "k._update.example.com:SHA256:c2VjcmV0".parse().unwrap();
    assert_eq!(key, Key::new(name("k._update.example.com"), Algorithm::HmacSha256, b"secret"));
    assert_eq!(format!("{key:?}"), "k._update.example.com.:SHA256");
    assert_eq!("k:hmac-sha512:AA==".parse::<Key>().unwrap().algorithm, Algorithm::HmacSha512);
    let error = |text: &str| text.parse::<Key>().unwrap_err();
    assert_eq!(error("k:c2VjcmV0"), KeyStringError::Parts);
    assert_eq!(error("k:MD5:c2VjcmV0"), KeyStringError::Algorithm);
    assert_eq!(error("k:SHA256:c2Vj*"), KeyStringError::Secret);
    assert_eq!(error("k:SHA256:"), KeyStringError::Empty);
    assert!(matches!(error("a..b:SHA256:AA=="), KeyStringError::Name(_)));
}

#[test]
fn algorithms_by_number_and_name() {
    for (number, algorithm) in (161..=165).zip(Algorithm::all()) {
        assert_eq!(Algorithm::from_dnskey_number(number), Some(algorithm));
        assert_eq!(algorithm.dnskey_number(), number);
        assert_eq!(Algorithm::from_name(&Name::from_octets(algorithm.name_octets()).unwrap()), Some(algorithm));
        assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
    }
    assert_eq!(Algorithm::from_name(&name("HMAC-SHA256")), Some(Algorithm::HmacSha256));
    assert_eq!(Algorithm::from_name(&name("hmac-md5.sig-alg.reg.int")), None);
    assert_eq!(Algorithm::from_dnskey_number(157), None);
}

#[test]
fn a_key_file_holds_keys_of_its_domain() {
    let entry = |line: u32, file: &str, owner: &str, algorithm, secret: &[u8]| KeyEntry {
        place: format!("{file}:{line}:1"),
        domain: domain_of_file(file).unwrap(),
        name: name(owner),
        algorithm,
        secret: secret.to_vec(),
    };
    let collected = KeySet::collect([
        entry(1, "_keys", "a._update", 163, b"x"),
        entry(2, "_keys", "b._update.foo", 163, b"first"),
        entry(3, "_keys", "c._update", 157, b"x"),
        entry(4, "_keys", "d._update", 163, b""),
        entry(1, "foo._keys", "B._update.foo", 165, b"second"),
        entry(2, "foo._keys", "e._update.bar", 163, b"x"),
        entry(3, "foo._keys", "f._update.foo", 161, b"x"),
    ]);
    assert_eq!(collected.keys.len(), 3);
    assert_eq!(collected.keys.get(&name("b._UPDATE.foo")).unwrap().secret(), b"first");
    let refused: Vec<String> = collected.refused.iter().map(ToString::to_string).collect();
    assert_eq!(refused.len(), 4);
    assert!(refused[0].starts_with("_keys:3:1: error: the key c._update. has the algorithm 157"));
    assert_eq!(refused[1], "_keys:4:1: error: the key d._update. has an empty secret");
    assert!(refused[2].ends_with("the key B._update.foo. was already given at _keys:2:1, which counts"));
    assert!(refused[3].ends_with("the key e._update.bar. is not at or below foo., the domain of its file"));
    let wildcard: KeySet = [key("*._update.foo")].into_iter().collect();
    assert!(wildcard.get(&name("x._update.foo")).is_none());
}

#[test]
fn files_of_keys() {
    assert_eq!(domain_of_file("_keys"), Some(Name::root()));
    assert_eq!(domain_of_file("example.com._keys"), Some(name("example.com")));
    for not in ["keys", "example.com", "my_keys", "a..b._keys", "._keys"] {
        assert_eq!(domain_of_file(not), None, "{not}");
    }
}
