//! Machines and images that cannot work: a line that says why, and a code.

use std::path::{Path, PathBuf};

use e2e::folder::{Folder, write};
use e2e::qemu::{self, Machine};

use super::{run, run_on};

#[test]
#[ignore = "needs cargo e2e"]
fn a_command_line_that_makes_no_sense_is_64() {
    for (line, said) in [
        ("--hello=\"world".to_owned(), "quoted part"),
        ("--hello=world\\".to_owned(), "backslash"),
        ("x ".repeat(200), "more than 128 arguments"),
        ("x".repeat(8193), "longer than 8192 octets"),
        ("virtio_mmio.device=nowhere".to_owned(), "SIZE@ADDRESS:INTERRUPT"),
    ] {
        let ended = run(&line);
        assert_eq!(ended.code, Some(64), "{}", ended.console);
        assert!(ended.console.contains(said), "{said}: {}", ended.console);
        assert_eq!(ended.console.lines().count(), 2, "the reason and the code: {}", ended.console);
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_long_command_line_arrives() {
    let longest = "x".repeat(8192 - "exit=4 ".len());
    assert_eq!(run(&format!("exit=4 {longest}")).code, Some(4));
}

#[test]
#[ignore = "needs cargo e2e"]
fn devices_that_the_command_line_names_are_found_there() {
    // QEMU's last place, for the one network device; 12 is its pin where there are eight places.
    let places = (0..24)
        .map(|number| format!("virtio_mmio.device=512@{:#x}:{} ", 0xfeb0_0000u64 + number * 512, 5 + number % 19));
    let all: Vec<String> = places.collect();
    let named = all.chunks(8).map(<[String]>::concat).find(|eight| run(&format!("{eight} exit=9")).code == Some(9));
    assert!(named.is_some(), "in no eighth of them a network device was found");
    let elsewhere = run("virtio_mmio.device=4K@0xd0000000:5");
    assert!(elsewhere.code == Some(71) && elsewhere.console.contains("no network device"), "{}", elsewhere.console);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_machine_without_a_network_device_is_71() {
    let ended = run_on("exit=0", Machine::without_network);
    assert_eq!(ended.code, Some(71), "{}", ended.console);
    assert!(ended.console.contains("no network device"), "{}", ended.console);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_device_of_the_old_kind_is_named() {
    let ended = run_on("exit=0", |machine| machine.option(&["-global", "virtio-mmio.force-legacy=true"]));
    assert!(ended.code == Some(71) && ended.console.contains("force-legacy=false"), "{}", ended.console);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_machine_with_too_little_memory_is_71() {
    let ended = run_on("exit=0", |machine| machine.memory(3));
    assert_eq!(ended.code, Some(71), "{}", ended.console);
    assert!(ended.console.contains("out of memory"), "{}", ended.console);
    assert_eq!(run_on("exit=8", |machine| machine.memory(6)).code, Some(8), "6 MiB are enough");
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_application_that_is_not_static_is_refused_by_tool_and_kernel() {
    let folder = Folder::new();
    let dynamic = std::env::current_exe().unwrap();
    let options = ["true", "--elf", dynamic.to_str().unwrap(), "--output", "/dev/null"];
    let refused = qemu::gitstead_image(&options);
    assert!(!refused.success && refused.output.contains("not a static executable"), "{}", refused.output);
    // Past the tool: what stands in the packed file as it is can be changed there. An executable becomes a shared
    // object.
    let (image, mut octets) = probe(&folder);
    let start = application(&octets);
    let find = |octets: &[u8], what: &[u8]| {
        let place = octets[start..start + 64].windows(what.len()).position(|part| part == what);
        start + place.expect("the first octets are hardly packed")
    };
    let (file, kind) = (find(&octets, b"\x7fELF"), find(&octets, &[2, 0, 62, 0]));
    octets[kind] = 3;
    let ended = boot(&folder, &image, &octets);
    assert!(ended.code == Some(64) && ended.console.contains("not a static executable"), "{}", ended.console);
    octets[file] = 0;
    let ended = boot(&folder, &image, &octets);
    assert!(ended.code == Some(64) && ended.console.contains("not an ELF file"), "{}", ended.console);
    let ended = boot(&folder, &image, &[&octets[..start], &[0xff; 4096][..], &octets[start + 4096..]].concat());
    assert!(ended.code == Some(64) && ended.console.contains("is damaged"), "{}", ended.console);
    octets[start - 4096] = 0;
    let ended = boot(&folder, &image, &octets);
    assert!(ended.code == Some(64) && ended.console.contains("no application"), "{}", ended.console);
}

fn probe(folder: &Folder) -> (PathBuf, Vec<u8>) {
    let image = qemu::image(folder, "guest-probe");
    let octets = std::fs::read(&image).unwrap();
    (image, octets)
}

fn boot(folder: &Folder, image: &Path, octets: &[u8]) -> qemu::Ended {
    write(image, octets);
    Machine::new(image).arguments("exit=0").run(folder)
}

/// Where the application's ELF file starts: a page behind the mark at the start of one.
fn application(image: &[u8]) -> usize {
    let page = image.chunks(4096).position(|page| page.starts_with(b"gitstead")).expect("the image has a payload");
    (page + 1) * 4096
}
