//! Conversations with servers, good and bad, without a server.

use proptest::prelude::*;

use super::*;

const TIP: &str = "1111111111111111111111111111111111111111";

fn request(have: Option<ObjectId>) -> FetchRequest {
    FetchRequest {
        reference: "refs/heads/main".into(),
        want: Want::Tip,
        have,
        depth: 1,
        commits_only: false,
        advertisement_limit: 1000,
    }
}

fn line(text: &str) -> Packet {
    Packet::Data(Bytes::copy_from_slice(text.as_bytes()))
}

/// All that was said by us, and the end.
#[derive(Debug)]
struct Talk {
    said: String,
    pack: Vec<u8>,
    done: Option<Fetched>,
}

fn talk(request: FetchRequest, packets: Vec<Packet>) -> Result<Talk, ProtocolError> {
    let (mut state, mut talk) = (Fetch::new(request), Talk { said: String::new(), pack: Vec::new(), done: None });
    for packet in packets {
        state = match state.handle(packet)? {
            Next::Wait(next) => next,
            Next::Send(octets, next) => {
                talk.said += &String::from_utf8_lossy(&octets);
                next
            }
            Next::Pack(octets, next) => {
                talk.pack.extend_from_slice(&octets);
                next
            }
            Next::Done(fetched, octets) => {
                talk.said += &String::from_utf8_lossy(&octets);
                talk.done = Some(fetched);
                return Ok(talk);
            }
        };
    }
    Ok(talk)
}

fn version_2() -> Vec<Packet> {
    let head =
        ["version 2\n", "agent=git/2\n", "ls-refs=unborn\n", "fetch=shallow wait-for-done\n", "object-format=sha1\n"];
    head.map(line)
        .into_iter()
        .chain([Packet::Flush, line(&format!("{TIP} refs/heads/main\n")), Packet::Flush])
        .collect()
}

#[test]
fn protocol_2_asks_for_the_tip_over_what_we_have() {
    let have = ObjectId::Sha1([2; 20]);
    let mut packets = version_2();
    packets.extend([line("shallow-info\n"), line(&format!("shallow {TIP}")), Packet::Delimiter, line("packfile\n")]);
    packets.extend([line("\u{2}words"), line("\u{1}PA"), line("\u{1}CK"), Packet::Flush]);
    let talk = talk(request(Some(have)), packets).unwrap();
    for part in [
        format!("want {TIP}"),
        format!("have {have}"),
        format!("shallow {have}"),
        "deepen 1".into(),
        "thin-pack".into(),
    ] {
        assert!(talk.said.contains(&part), "{part} in {}", talk.said);
    }
    assert_eq!(talk.pack, b"PACK");
    assert!(talk.done.unwrap().pack);
}

#[test]
fn what_we_have_is_not_asked_for() {
    let have = ObjectId::from_hex(TIP.as_bytes()).unwrap();
    let talk = talk(request(Some(have)), version_2()).unwrap();
    assert!(!talk.said.contains("want"));
    assert!(talk.said.ends_with("0000"));
    assert_eq!(talk.done, Some(Fetched { tip: Some(have), others: Vec::new(), pack: false }));
}

#[test]
fn protocol_0_reads_shallow_lines_then_an_acknowledgement() {
    let head = format!("{TIP} HEAD\0side-band-64k thin-pack ofs-delta shallow object-format=sha1\n");
    let packets = vec![
        line(&head),
        line(&format!("{TIP} refs/heads/main\n")),
        Packet::Flush,
        line(&format!("shallow {TIP}")),
        Packet::Flush,
        line("NAK\n"),
        line("\u{1}PACK"),
        Packet::Flush,
    ];
    let talk = talk(request(None), packets).unwrap();
    assert!(talk.said.contains(&format!("want {TIP} side-band-64k thin-pack ofs-delta shallow")), "{}", talk.said);
    assert_eq!(talk.pack, b"PACK");
}

#[test]
fn servers_that_cannot_be_used() {
    let sha256 = format!("{TIP} HEAD\0object-format=sha256\n");
    assert!(matches!(talk(request(None), vec![line(&sha256)]), Err(ProtocolError::Capability(_))));
    let error = talk(request(None), vec![line("ERR access denied\n")]).unwrap_err();
    assert_eq!(error, ProtocolError::Remote("access denied".into()));
    let many: Vec<Packet> = (0..100).map(|at| line(&format!("{TIP} refs/heads/b{at}\n"))).collect();
    assert!(matches!(talk(request(None), many), Err(ProtocolError::Limit(_))));
    let mut fatal = version_2();
    fatal.extend([line("packfile\n"), line("\u{3}out of memory")]);
    assert_eq!(talk(request(None), fatal).unwrap_err(), ProtocolError::Remote("out of memory".into()));
}

proptest! {
    #[test]
    fn garbage_never_panics(texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..8), good in 0usize..9) {
        let garbage = texts.into_iter().map(|text| if text.is_empty() { Packet::Flush } else { Packet::Data(text.into()) });
        let packets = version_2().into_iter().take(good).chain(garbage).collect();
        let _ = talk(request(None), packets);
    }
}
