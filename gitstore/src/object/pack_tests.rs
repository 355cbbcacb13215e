//! Packfiles as a hostile or broken server would send them.

use proptest::prelude::*;

use super::*;
use crate::object::delta::Pieces;
use crate::object::hash_parts;
use crate::object::pack_writer::PackWriter;
use crate::object::resolver::{Bases, Known};

/// Nothing but one outside object.
struct Outside(Option<(ObjectId, Bytes)>);

impl Bases for Outside {
    fn look_up(&self, id: &ObjectId) -> Known {
        match &self.0 {
            Some((known, octets)) if known == id => Known::Object(Kind::Blob, octets.clone()),
            _ => Known::Unknown,
        }
    }
}

fn blob_id(octets: &[u8]) -> ObjectId {
    hash_parts(Kind::Blob, octets.len(), [octets])
}

fn limits() -> Limits {
    Limits { object_octets: 1000, ..Limits::default() }
}

fn unpack_within(limits: Limits, pack: &[u8], cut: usize, outside: &Outside) -> Result<Unpacked, ObjectError> {
    let mut reader = PackReader::new(limits, Keep::Everything);
    for run in pack.chunks(cut.max(1)) {
        reader.push(run)?;
    }
    let mut resolver = reader.finish()?;
    while resolver.step(outside)? {}
    resolver.finish(false)
}

fn unpack(pack: &[u8]) -> Result<Unpacked, ObjectError> {
    unpack_within(limits(), pack, 1 << 20, &Outside(None))
}

/// A pack of a base outside, two deltas on it in a row, and two whole objects.
fn sample() -> (Vec<u8>, Outside) {
    let base = Bytes::from_static(b"the base that is not in the packfile");
    let one = Pieces::whole(base.len()).splice(&[crate::Splice { range: 0..3, replacement: "a".into() }]);
    let middle = b"a base that is not in the packfile";
    let two = Pieces::whole(middle.len()).splice(&[crate::Splice { range: 34..34, replacement: "!".into() }]);
    let mut pack = PackWriter::new();
    pack.delta(blob_id(middle), &two.encode(middle.len()));
    pack.delta(blob_id(&base), &one.encode(base.len()));
    pack.whole(Kind::Blob, b"whole");
    pack.whole(Kind::Tree, b"");
    (pack.finish(), Outside(Some((blob_id(&base), base))))
}

#[test]
fn deltas_on_objects_outside_and_inside_are_resolved_at_any_cut() {
    let (pack, outside) = sample();
    for cut in 1..pack.len() {
        let unpacked = unpack_within(limits(), &pack, cut, &outside).unwrap();
        assert_eq!(unpacked.objects.len(), 4);
        assert_eq!(unpacked.objects[&blob_id(b"a base that is not in the packfile!")].0, Kind::Blob);
    }
}

#[test]
fn truncated_at_every_octet() {
    let (pack, outside) = sample();
    for end in 0..pack.len() {
        assert!(unpack_within(limits(), &pack[..end], 7, &outside).is_err(), "cut at {end}");
    }
}

#[test]
fn one_wrong_octet_anywhere_is_an_error() {
    let (pack, outside) = sample();
    for at in 0..pack.len() {
        let mut bad = pack.clone();
        bad[at] ^= 0x10;
        assert!(unpack_within(limits(), &bad, 1 << 20, &outside).is_err(), "octet {at}");
    }
    assert_eq!(
        unpack(&[&pack[..pack.len() - 1], &[!pack[pack.len() - 1]]].concat()).unwrap_err(),
        ObjectError::Checksum
    );
}

#[test]
fn octets_after_the_checksum() {
    let mut pack = PackWriter::new();
    pack.whole(Kind::Blob, b"whole");
    let pack = [pack.finish(), b"x".to_vec()].concat();
    assert!(matches!(unpack(&pack), Err(ObjectError::Pack(_))));
}

#[test]
fn deltas_in_a_circle_and_without_base() {
    let (one, two) = (b"one of two in a circle", b"two of two in a circle");
    let delta = |from: &[u8], to: &'static [u8]| {
        let mut pieces = Pieces::default();
        pieces.insert(Bytes::from_static(to));
        pieces.encode(from.len())
    };
    let mut pack = PackWriter::new();
    pack.delta(blob_id(one), &delta(one, two));
    pack.delta(blob_id(two), &delta(two, one));
    assert_eq!(unpack(&pack.finish()).unwrap_err(), ObjectError::BaseMissing { count: 2 });
}

#[test]
fn a_blob_past_the_limit_is_known_but_not_kept() {
    let large = vec![b'x'; 1001];
    let mut pack = PackWriter::new();
    pack.whole(Kind::Blob, &large);
    pack.whole(Kind::Blob, b"small");
    let unpacked = unpack(&pack.finish()).unwrap();
    assert!(unpacked.too_large.contains(&blob_id(&large)));
    assert_eq!(unpacked.objects.len(), 1);
    let mut pack = PackWriter::new();
    pack.whole(Kind::Commit, &large);
    assert_eq!(unpack(&pack.finish()).unwrap_err(), ObjectError::TooLarge { octets: 1001 });
}

#[test]
fn a_delta_bomb_is_not_carried_out() {
    let base = vec![b'x'; 1000];
    let mut pieces = Pieces::default();
    (0..1000).for_each(|_| pieces.copy(0, 1000));
    let mut pack = PackWriter::new();
    pack.whole(Kind::Blob, &base);
    pack.delta(blob_id(&base), &pieces.encode(base.len()));
    let unpacked = unpack(&pack.finish()).unwrap();
    assert_eq!(unpacked.objects.len(), 1);
    assert!(unpacked.lost);
}

#[test]
fn every_limit_holds() {
    let chain = |length: usize| {
        let mut pack = PackWriter::new();
        let mut text = b"0".to_vec();
        pack.whole(Kind::Blob, &text);
        for _ in 0..length {
            let mut pieces = Pieces::whole(text.len());
            pieces.insert(Bytes::from_static(b"+"));
            pack.delta(blob_id(&text), &pieces.encode(text.len()));
            text.push(b'+');
        }
        pack.finish()
    };
    let pack = chain(20);
    let outside = Outside(None);
    let within = |limits: Limits| unpack_within(limits, &pack, 64, &outside);
    assert!(within(limits()).is_ok());
    for (limits, name) in [
        (Limits { delta_depth: 19, ..limits() }, "the depth of deltas"),
        (Limits { objects: 20, ..limits() }, "the number of objects"),
        (Limits { pack_octets: 100, ..limits() }, "the size of a packfile"),
        (Limits { inflated_octets: 30, ..limits() }, "the work of inflating"),
        (Limits { unpacked_octets: 150, ..limits() }, "the sum of all objects"),
    ] {
        assert_eq!(within(limits).unwrap_err(), ObjectError::Limit(name));
    }
}

#[test]
fn an_object_that_lies_about_its_size() {
    let mut pack = PackWriter::new();
    pack.whole(Kind::Blob, b"twelve octet");
    let pack = pack.finish();
    for size in [11, 13] {
        let mut bad = pack.clone();
        bad[12] = (bad[12] & 0xf0) | size;
        assert!(matches!(unpack(&bad), Err(ObjectError::Pack(_))), "{size}");
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(octets in prop::collection::vec(any::<u8>(), 0..300), head in any::<bool>()) {
        let head: &[u8] = if head { b"PACK\0\0\0\x02\0\0\0\x03" } else { b"" };
        let _ = unpack(&[head, &octets].concat());
    }
}
