//! Frames in and out.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use e2e::folder::Folder;
use e2e::ports::free_address;
use e2e::qemu::{self, Machine};
use e2e::wait;

#[test]
#[ignore = "needs cargo e2e"]
fn datagrams_come_back() {
    let (folder, address) = (Folder::new(), free_address());
    let image = qemu::image(&folder, "guest-probe");
    let machine = Machine::new(&image).arguments("echo exit=11").forward("udp", address, 7);
    let started = Instant::now();
    let mut machine = machine.start(&folder);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    // Until it is up, what is sent is lost.
    wait::until("an echo", || echo(&socket, b"first"));
    eprintln!("first answer after {:?}", started.elapsed());
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    // More than the queues are long, and all lengths that a frame can have.
    for length in (1..1472).step_by(5) {
        assert!(echo(&socket, &vec![length as u8; length]), "{length} octets");
    }
    socket.send(b"exit").unwrap();
    assert_eq!(machine.wait().code(), Some(23), "{}", machine.output());
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_full_queue_loses_nothing() {
    const FRAMES: u64 = 20_000;
    let folder = Folder::new();
    let image = qemu::image(&folder, "guest-probe");
    let dump = folder.join("frames.pcap");
    let filter = format!("filter-dump,id=dump,netdev=net,file={}", dump.display());
    let ended = Machine::new(&image).arguments(&format!("burst={FRAMES}")).option(&["-object", &filter]).run(&folder);
    assert_eq!(ended.code, Some(0), "{}", ended.console);
    let blocked: u64 = super::line(&ended, "blocked").split(' ').next().unwrap().parse().unwrap();
    assert!(blocked > 0, "the queue was never full");
    let sent = numbers(&std::fs::read(&dump).unwrap());
    assert!(sent.iter().copied().eq(0..sent.len() as u64), "frames are sent in order, each once");
    // What still lay in the queue when the application ended went with the machine.
    assert!(sent.len() as u64 > FRAMES - 200, "{} of {FRAMES}", sent.len());
}

fn echo(socket: &UdpSocket, datagram: &[u8]) -> bool {
    socket.send(datagram).unwrap();
    let mut answer = [0; 2048];
    // Late answers to earlier tries may come first.
    for _ in 0..50 {
        match socket.recv(&mut answer) {
            Ok(length) if &answer[..length] == datagram => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

/// The numbers of the probe's frames in a capture file.
fn numbers(capture: &[u8]) -> Vec<u64> {
    let (mut at, mut numbers) = (24, Vec::new());
    while let Some(header) = capture.get(at..at + 16) {
        let length = u32::from_ne_bytes(header[8..12].try_into().unwrap()) as usize;
        let Some(frame) = capture.get(at + 16..at + 16 + length) else { break };
        if frame[12..14] == [0x88, 0xb5] {
            numbers.push(u64::from_be_bytes(frame[14..22].try_into().unwrap()));
        }
        at += 16 + length;
    }
    numbers
}
