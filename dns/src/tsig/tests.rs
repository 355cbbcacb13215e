//! Known answers were computed with another implementation of HMAC over octets put together by hand.

use hickory_proto::op::Message as TheirMessage;
use hickory_proto::rr::rdata::tsig::TsigAlgorithm;
use hickory_proto::rr::{Name as TheirName, TSigner};
use proptest::prelude::*;

use super::*;
use crate::keys::Algorithm;
use crate::message::{Header, Message, Opcode, Question};
use crate::record_type::Class;

const NOW: u64 = 1_700_000_000;
const SECRET: &[u8] = b"0123456789abcdef";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

fn key(algorithm: Algorithm) -> Key {
    Key::new("k._update.example.com".parse().unwrap(), algorithm, SECRET)
}

fn sha256() -> Key {
    key(Algorithm::HmacSha256)
}

fn keys(key: Key) -> KeySet {
    [key].into_iter().collect()
}

fn query() -> Message {
    let mut header = Header::request(0x1234, Opcode::QUERY);
    header.recursion_desired = true;
    let name = "www.example.com".parse().unwrap();
    Message { questions: vec![Question { name, rtype: RecordType::A, class: Class::IN }], ..Message::new(header) }
}

fn reply() -> Vec<u8> {
    let mut reply = query().reply(Rcode::NOERROR);
    reply.header.authoritative = true;
    reply.header.recursion_available = true;
    reply.encode()
}

fn signed(key: &Key) -> SignedRequest {
    sign_request(query().encode(), key, NOW, FUDGE)
}

fn opened(octets: &[u8], now: u64) -> Result<Opened<'_>, TsigFailure> {
    open(octets, &keys(sha256()), now, &Policy::default())
}

fn verification() -> Verification {
    opened(&signed(&sha256()).octets, NOW).unwrap().verification.unwrap()
}

/// Rewrites the TSIG record of a message that ends with one.
fn with_tsig(octets: &[u8], change: impl FnOnce(&mut Tsig)) -> Vec<u8> {
    let found = SignedMessage::find(octets).unwrap().unwrap();
    let (mut message, mut tsig) = (found.without_tsig(), found.tsig);
    change(&mut tsig);
    tsig.append(&mut message);
    message
}

fn tsig_of(octets: &[u8]) -> Tsig {
    SignedMessage::find(octets).unwrap().unwrap().tsig
}

#[test]
fn known_answers_of_requests() {
    let macs = [
        "37b7e2d106713b0e3a3643b5cdf734a90f08f7b4",
        "34241d3111e92b2299d7920f1df1d43301e9227d0154209986f7b824",
        "ae359d0b268abeea13305d6f5cd4dd207d5a868dc161d8bace611dcdf0d9f442",
        "f074bbef4060037213d3b4a6df3d5709204ff70a8265e3da019972095c2c2ee56d9f83acdb26fc1998c667fa5c651516",
        "6aaae8b5189db23abca9198bb70d3d2b448aefac7857789ec69f7503cf946352\
         508f861a63b69f2e33e8728d81a691ce67567e58e9128fc1db5e292844c18655",
    ];
    for (algorithm, mac) in Algorithm::all().zip(macs) {
        let request = signed(&key(algorithm));
        assert_eq!(tsig_of(&request.octets).mac, hex(mac), "{algorithm}");
        assert_eq!(request.octets.len(), query().encode().len() + room(&key(algorithm)));
        let opened = open(&request.octets, &keys(key(algorithm)), NOW, &Policy::default()).unwrap();
        assert_eq!(*opened.message, query().encode());
        assert_eq!(opened.verification.unwrap().key(), &key(algorithm));
    }
}

#[test]
fn known_answers_of_a_chain() {
    let mut chain = AnswerChain::new(verification(), Chaining::Rfc8945);
    let macs = [
        "c83d8cb90e622bfcb13baafeaac78da1584ee7d4d398e03cffdf34bb439e8f67",
        "6d17ee7f550649d53340ada0a791d8deb2847a7777813b4edc4c6cd79cd348da",
    ];
    for mac in macs {
        let mut message = reply();
        chain.sign(&mut message, NOW);
        assert_eq!(tsig_of(&message).mac, hex(mac));
    }
}

/// The three UPDATE messages that MirageOS pins; its clients leave Original ID 0.
#[test]
fn mirage_clients_sign_the_header_id() {
    let secret = "GSnQJ+fHuzwj5yKzCOkXdISyGQXBUxMrjEjL4Kr1WIs=";
    let key: Key = format!("mykey.bla.example:SHA256:{secret}").parse().unwrap();
    let examples = [
        (
            "62d72800000100000002000007657861 6d706c6503636f6d0000060001 03666f6fc00c00ff00ff000000000000 \
             03626172c00c000100010000012c000401020304",
            1_506_887_417,
            "bf5d77ba97ba7b959e1b0d9564a75ba695bf24153b9da21bbf6fae619d0f28a1",
        ),
        (
            "4c562800000100000001000007457841 6d506c4503636f6d0000060001 03666f6f076578616d706c65c01400ff00ff000000000000",
            1_506_887_742,
            "7067ae709efd229eced965258adb8c9610958089a7ee4fbb1381e738e3a07880",
        ),
        (
            "768a2800000100000001000007657861 6d706c650000060001 03666f6fc00c00ff00ff000000000000",
            1_506_888_104,
            "e776e6df4e7314c8ebba4cc7a539b393a7df6dde47b6facc81c84729207740 44",
        ),
    ];
    for (message, now, mac) in examples {
        let mut octets = hex(message);
        let mut tsig = Tsig::new(&key, 0, now, 300);
        tsig.mac = hex(mac);
        tsig.append(&mut octets);
        let opened = open(&octets, &keys(key.clone()), now, &Policy::default()).unwrap();
        assert_eq!(*opened.message, hex(message));
        let mut answer = hex(message);
        sign_reply(&mut answer, &opened.verification.unwrap(), now);
        assert_eq!(tsig_of(&answer).original_id.to_be_bytes(), hex(message)[..2]);
    }
}

/// RFC 8945 section 5.3: a forwarder may change the ID of the header; Original ID is the one that was signed.
#[test]
fn forwarded_under_another_id() {
    let mut octets = signed(&sha256()).octets;
    octets[..2].copy_from_slice(&[9, 9]);
    let opened = opened(&octets, NOW).unwrap();
    assert_eq!(opened.message[..2], [9, 9]);
    assert_eq!(opened.verification.unwrap().id, 0x0909);
}

#[test]
fn unsigned_messages_pass_without_verification() {
    let octets = query().encode();
    let opened = opened(&octets, NOW).unwrap();
    assert!(opened.verification.is_none() && matches!(opened.message, Cow::Borrowed(_)));
}

#[test]
fn every_octet_flipped_fails() {
    let octets = signed(&sha256()).octets;
    let end = SignedMessage::find(&octets).unwrap().unwrap().end;
    let original_id = octets.len() - 6..octets.len() - 4;
    for at in 0..octets.len() {
        let mut flipped = octets.clone();
        flipped[at] ^= 1;
        // The ID of the header and the Original ID stand in for each other.
        if at < 2 || original_id.contains(&at) {
            assert!(opened(&flipped, NOW).is_ok());
            continue;
        }
        let verified = opened(&flipped, NOW).is_ok_and(|opened| opened.verification.is_some());
        assert!(!verified, "octet {at}, the record starts at {end}");
    }
}

#[test]
fn case_of_names_does_not_count() {
    let octets = signed(&sha256()).octets;
    let shouted = with_tsig(&octets, |tsig| {
        tsig.key = "K._Update.Example.COM".parse().unwrap();
        tsig.algorithm = "HMAC-sha256".parse().unwrap();
    });
    assert!(opened(&shouted, NOW).unwrap().verification.is_some());
}

#[test]
fn every_truncation_of_the_message_is_formerr() {
    let octets = signed(&sha256()).octets;
    for cut in 0..octets.len() {
        assert_eq!(opened(&octets[..cut], NOW).unwrap_err().rcode(), Rcode::FORMERR, "{cut}");
    }
}

/// RFC 8945 section 5.1: the last record of the additional section, once, class ANY, TTL 0.
#[test]
fn section_5_1_where_the_record_stands() {
    let octets = signed(&sha256()).octets;
    let found = SignedMessage::find(&octets).unwrap().unwrap();
    let error = |octets: &[u8]| opened(octets, NOW).unwrap_err();
    let mut twice = octets.clone();
    found.tsig.append(&mut twice);
    assert_eq!(error(&twice).error, TsigError::Misplaced);
    let mut in_answer = octets.clone();
    in_answer[6..12].copy_from_slice(&[0, 1, 0, 0, 0, 0]);
    assert_eq!(error(&in_answer).error, TsigError::Misplaced);
    let record = octets.len() - room(&sha256()) + sha256().name.as_octets().len();
    for at in [record + 3, record + 7] {
        let mut odd = octets.clone();
        odd[at] ^= 2;
        assert_eq!(error(&odd).error, TsigError::Shape);
    }
    let told = error(&twice);
    assert_eq!(told.rcode(), Rcode::FORMERR);
    let reply = told.reply(&twice).unwrap();
    assert_eq!(Message::decode(&reply).unwrap(), query().reply(Rcode::FORMERR));
}

/// RFC 8945 sections 5.2.1 and 5.3.2: NOTAUTH, BADKEY, no MAC.
#[test]
fn section_5_2_1_unknown_key() {
    let octets = signed(&sha256()).octets;
    let wrong_name = Key::new("x._update.example.com".parse().unwrap(), Algorithm::HmacSha256, SECRET);
    for known in [wrong_name, key(Algorithm::HmacSha512)] {
        let failure = open(&octets, &keys(known), NOW, &Policy::default()).unwrap_err();
        assert_eq!(failure.error, TsigError::BadKey);
        let reply = failure.reply(&octets).unwrap();
        assert_eq!(Message::decode(&reply).unwrap().header, query().header.reply(Rcode::NOTAUTH));
        assert_eq!(Message::decode(&reply).unwrap().questions, query().questions);
        let tsig = tsig_of(&reply);
        assert_eq!((tsig.error, tsig.mac.len(), tsig.other.len(), tsig.original_id), (17, 0, 0, 0x1234));
        let sent = signed(&sha256()).sent;
        assert_eq!(sent.verify_reply(&reply, NOW), Err(ReplyError::Refused(17)));
    }
}

#[test]
fn section_5_2_2_wrong_mac() {
    let other = Key::new(sha256().name, Algorithm::HmacSha256, b"another secret");
    let octets = signed(&other).octets;
    let failure = opened(&octets, NOW).unwrap_err();
    assert_eq!((failure.error, failure.rcode()), (TsigError::BadSig, Rcode::NOTAUTH));
    let tsig = tsig_of(&failure.reply(&octets).unwrap());
    assert_eq!((tsig.error, tsig.mac.len()), (16, 0));
    // The MAC is checked before the time.
    assert_eq!(opened(&octets, NOW + 5000).unwrap_err().error, TsigError::BadSig);
}

/// RFC 8945 section 5.2.3: signed, the client's time, our time in Other Data.
#[test]
fn section_5_2_3_time() {
    let request = signed(&sha256());
    for now in [NOW - 300, NOW, NOW + 300] {
        assert!(opened(&request.octets, now).is_ok());
    }
    for now in [0, NOW - 301, NOW + 301, u64::MAX] {
        assert_eq!(opened(&request.octets, now).unwrap_err().error, TsigError::BadTime);
    }
    let now = NOW + 1000;
    let reply = opened(&request.octets, now).unwrap_err().reply(&request.octets).unwrap();
    let tsig = tsig_of(&reply);
    assert_eq!((tsig.time, tsig.error, tsig.peer_time()), (NOW, 18, Some(now)));
    assert_eq!(tsig.mac, hex("bf76fce8fd06d792470a351effd389da4f19bf555e089efde7f36be8b55418d6"));
    let expected = ReplyError::SignedRefusal { error: 18, peer_time: Some(now) };
    assert_eq!(request.sent.verify_reply(&reply, NOW), Err(expected));
}

#[test]
fn a_wide_fudge_is_capped() {
    let octets = sign_request(query().encode(), &sha256(), NOW, u16::MAX).octets;
    assert!(opened(&octets, NOW + 300).is_ok());
    assert_eq!(opened(&octets, NOW + 301).unwrap_err().error, TsigError::BadTime);
    let patient = Policy { max_fudge: 3600, ..Policy::default() };
    assert!(open(&octets, &keys(sha256()), NOW + 3600, &patient).is_ok());
    let narrow = sign_request(query().encode(), &sha256(), NOW, 5).octets;
    assert_eq!(opened(&narrow, NOW + 6).unwrap_err().error, TsigError::BadTime);
}

/// RFC 8945 sections 5.2.2.1 and 5.2.4.
#[test]
fn section_5_2_4_truncated_macs() {
    let lenient = Policy { accept_truncated: true, ..Policy::default() };
    for (algorithm, least) in Algorithm::all().zip([10, 14, 16, 24, 32]) {
        let octets = signed(&key(algorithm)).octets;
        let keys = keys(key(algorithm));
        for length in 0..=algorithm.mac_length() + 1 {
            let cut = with_tsig(&octets, |tsig| tsig.mac.resize(length, 0));
            let strict = open(&cut, &keys, NOW, &Policy::default()).map(|_| ()).map_err(|failure| failure.error);
            let expected = match length {
                length if length < least || length > algorithm.mac_length() => Err(TsigError::MacLength),
                length if length < algorithm.mac_length() => Err(TsigError::BadTrunc),
                _ => Ok(()),
            };
            assert_eq!(strict, expected, "{algorithm} {length}");
            let lenient = open(&cut, &keys, NOW, &lenient);
            assert_eq!(lenient.is_ok(), expected != Err(TsigError::MacLength));
            match lenient {
                Ok(opened) => assert_eq!(opened.verification.unwrap().mac.len(), length),
                Err(failure) => assert_eq!(failure.rcode(), Rcode::FORMERR),
            }
        }
    }
    let cut = with_tsig(&signed(&sha256()).octets, |tsig| tsig.mac.truncate(16));
    let tsig = tsig_of(&opened(&cut, NOW).unwrap_err().reply(&cut).unwrap());
    assert_eq!((tsig.error, tsig.mac.len()), (22, 32));
}

#[test]
fn replies_are_bound_to_their_request() {
    let request = signed(&sha256());
    let mut answer = reply();
    sign_reply(&mut answer, &verification(), NOW + 2);
    assert_eq!(answer.len(), reply().len() + verification().room());
    assert_eq!(request.sent.verify_reply(&answer, NOW + 2), Ok(reply()));
    assert_eq!(request.sent.verify_reply(&answer, NOW + 500), Err(TsigError::BadTime.into()));
    assert_eq!(request.sent.verify_reply(&reply(), NOW), Err(ReplyError::Unsigned));
    let other = sign_request(query().encode(), &sha256(), NOW + 1, FUDGE).sent;
    assert_eq!(other.verify_reply(&answer, NOW), Err(TsigError::BadSig.into()));
    for at in 0..answer.len() {
        let mut flipped = answer.clone();
        flipped[at] ^= 0x10;
        let original_id = answer.len() - 6..answer.len() - 4;
        assert_eq!(request.sent.verify_reply(&flipped, NOW).is_ok(), original_id.contains(&at), "{at}");
    }
}

/// RFC 8945 section 5.3: the signature has its place, the answer has not.
#[test]
fn section_5_3_replies_that_do_not_fit() {
    let mut long = query().reply(Rcode::NOERROR);
    let txt = crate::test_zone::record("www 300 TXT some-text", &"example.com".parse().unwrap());
    long.answers.push(txt.into());
    let exact = long.encode().len() + verification().room();
    for (limit, whole) in [(exact, true), (exact - 1, false)] {
        let mut answer = long.encode();
        sign_reply_within(limit, &mut answer, &verification(), NOW);
        assert!(answer.len() <= limit);
        let message = Message::decode(&signed(&sha256()).sent.verify_reply(&answer, NOW).unwrap()).unwrap();
        assert_eq!((message.header.truncated, message.answers.is_empty()), (!whole, !whole));
        assert_eq!(message.questions, query().questions);
    }
}

#[test]
fn nothing_is_replied_to_a_reply() {
    let failure = opened(&[0; 5], NOW).unwrap_err();
    assert_eq!(failure.reply(&[0; 5]), None);
    assert_eq!(failure.reply(&reply()), None);
}

fn transfer(chaining: Chaining) -> TransferChain {
    TransferChain::new(signed(&sha256()).sent, chaining)
}

#[test]
fn section_5_3_1_both_chainings_both_sides() {
    for chaining in [Chaining::Rfc8945, Chaining::EachOnItsOwn] {
        let (mut server, mut client) = (AnswerChain::new(verification(), chaining), transfer(chaining));
        for second in 0..5 {
            let mut message = reply();
            server.sign(&mut message, NOW + second);
            assert_eq!(client.accept(&message, NOW + second), Ok(reply()));
        }
        assert_eq!(client.finish(), Ok(()));
    }
    let mut server = AnswerChain::new(verification(), Chaining::EachOnItsOwn);
    let mut client = transfer(Chaining::Rfc8945);
    let (mut first, mut second) = (reply(), reply());
    server.sign(&mut first, NOW);
    server.sign(&mut second, NOW);
    assert!(client.accept(&first, NOW).is_ok());
    assert_eq!(client.accept(&second, NOW), Err(ReplyError::Wrong(TsigError::BadSig).into()));
}

#[test]
fn a_chain_shows_what_is_missing_or_swapped() {
    let mut server = AnswerChain::new(verification(), Chaining::Rfc8945);
    let messages: Vec<Vec<u8>> = (0..3)
        .map(|_| {
            let mut message = reply();
            server.sign(&mut message, NOW);
            message
        })
        .collect();
    let mut client = transfer(Chaining::Rfc8945);
    client.accept(&messages[0], NOW).unwrap();
    assert!(client.clone().accept(&messages[2], NOW).is_err());
    client.accept(&messages[1], NOW).unwrap();
    assert!(client.clone().accept(&messages[1], NOW).is_err());
    client.accept(&messages[2], NOW).unwrap();
    assert!(transfer(Chaining::Rfc8945).accept(&messages[1], NOW).is_err());
}

/// At most 99 in a row; the signed one after them proves them; first and last are signed.
#[test]
fn section_5_3_1_unsigned_messages_between() {
    let start = || {
        let mut client = transfer(Chaining::Rfc8945);
        let (mut first, mut second) = (reply(), reply());
        let mut server = AnswerChain::new(verification(), Chaining::Rfc8945);
        server.sign(&mut first, NOW);
        server.sign(&mut second, NOW);
        client.accept(&first, NOW).unwrap();
        client.accept(&second, NOW).unwrap();
        client
    };
    let mut client = start();
    assert_eq!(client.accept(&reply(), NOW), Ok(reply()));
    assert_eq!(client.clone().finish(), Err(ChainError::EndsUnsigned));
    let mut tsig = Tsig::ours(&sha256(), 0x1234, NOW);
    tsig.mac = hex("932b7ec51bf23cc5b5844cd215bd07e431d997d06e8dccbc8021f34cc8d7db94");
    let mut last = reply();
    tsig.append(&mut last);
    assert_eq!(start().accept(&last, NOW), Err(ReplyError::Wrong(TsigError::BadSig).into()));
    assert_eq!(client.accept(&last, NOW), Ok(reply()));
    assert_eq!(client.finish(), Ok(()));
    let mut client = start();
    assert!((0..99).all(|_| client.accept(&reply(), NOW).is_ok()));
    assert_eq!(client.accept(&reply(), NOW), Err(ChainError::TooManyUnsigned));
    let unsigned = transfer(Chaining::Rfc8945).accept(&reply(), NOW);
    assert_eq!(unsigned, Err(ReplyError::Unsigned.into()));
    let mut own = transfer(Chaining::EachOnItsOwn);
    let mut first = reply();
    sign_reply(&mut first, &verification(), NOW);
    own.accept(&first, NOW).unwrap();
    assert_eq!(own.accept(&reply(), NOW), Err(ReplyError::Unsigned.into()));
}

fn hickory() -> TSigner {
    let name = TheirName::from_ascii("k._update.example.com.").unwrap();
    TSigner::new(SECRET.to_vec(), TsigAlgorithm::HmacSha256, name, FUDGE).unwrap()
}

/// A second implementation signs what we verify, and verifies what we sign, reply included.
#[test]
fn hickory_agrees() {
    let mut theirs = TheirMessage::from_vec(&query().encode()).unwrap();
    let (_, verifier) = hickory().sign_message(&theirs, NOW).unwrap();
    theirs.finalize(&hickory(), NOW).unwrap();
    let octets = theirs.to_vec().unwrap();
    let opened = opened(&octets, NOW).unwrap();
    assert_eq!(Message::decode(&opened.message).unwrap(), query());
    let mut answer = reply();
    sign_reply(&mut answer, &opened.verification.unwrap(), NOW);
    verifier.unwrap().verify(&answer).unwrap();
    let (mac, time, _) = hickory().verify_message_byte(&signed(&sha256()).octets, None, true).unwrap();
    assert_eq!((&mac, time), (&tsig_of(&signed(&sha256()).octets).mac, NOW));
    let (mut chain, mut prior) = (AnswerChain::new(verification(), Chaining::Rfc8945), mac);
    for first in [true, false, false] {
        let mut message = reply();
        chain.sign(&mut message, NOW);
        prior = hickory().verify_message_byte(&message, Some(&prior), first).unwrap().0;
    }
}

proptest! {
    #[test]
    fn round_trip(secret in prop::collection::vec(any::<u8>(), 1..200), id: u16, now in 0u64..1 << 47, late in 0u64..=300,
                  label in "[a-zA-Z0-9_-]{1,63}", algorithm in 0usize..5) {
        let name: Name = format!("{label}._transfer.example").parse().unwrap();
        let key = Key::new(name, Algorithm::all().nth(algorithm).unwrap(), &secret);
        let mut message = query();
        message.header.id = id;
        let request = sign_request(message.encode(), &key, now, FUDGE);
        let opened = open(&request.octets, &keys(key), now + late, &Policy::default()).unwrap();
        prop_assert_eq!(opened.message.to_vec(), message.encode());
        let mut answer = message.reply(Rcode::REFUSED).encode();
        sign_reply(&mut answer, &opened.verification.unwrap(), now + late);
        prop_assert_eq!(request.sent.verify_reply(&answer, now).unwrap(), message.reply(Rcode::REFUSED).encode());
    }

    #[test]
    fn any_octets(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = opened(&octets, NOW).map_err(|failure| failure.reply(&octets));
    }

    #[test]
    fn any_tsig_record(data in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut octets = query().encode();
        octets[11] = 1;
        octets.extend_from_slice(b"\x01k\0\x00\xfa\x00\xff\0\0\0\0");
        octets.extend_from_slice(&(data.len() as u16).to_be_bytes());
        octets.extend_from_slice(&data);
        prop_assert!(opened(&octets, NOW).is_err_and(|failure| failure.reply(&octets).is_some()));
    }
}
