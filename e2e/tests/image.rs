//! `gitstead image`: the same everywhere, says what is in it, and comes with what starts it.

// Helpers of tests stop the test as tests do.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use e2e::built;
use e2e::folder::Folder;
use e2e::process::{run, run_within};
use e2e::qemu::{gitstead_image, image};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
#[ignore = "needs cargo e2e"]
fn two_folders_give_the_same_image() {
    let folder = Folder::new();
    let here = std::fs::read(image(&folder, "guest-probe")).unwrap();
    let elsewhere = folder.subfolder("another place");
    copy_sources(Path::new(ROOT), &elsewhere);
    let mut command = built::command("gitstead", "deploy");
    command.args(["image", "guest-probe"]).current_dir(&elsewhere);
    let outcome = run_within(std::time::Duration::from_secs(1800), &mut command, "");
    assert!(outcome.success, "{}", outcome.output);
    let there = std::fs::read(elsewhere.join("guest-probe.img")).unwrap();
    assert!(here == there, "{} and {} octets", here.len(), there.len());
    let names = [env!("CARGO_MANIFEST_DIR"), "/home/", "/root/"];
    for name in names {
        assert!(!here.windows(name.len()).any(|part| part == name.as_bytes()), "{name} is in the image");
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_image_is_verified_or_refused() {
    let folder = Folder::new();
    let path = image(&folder, "guest-probe");
    let file = path.to_str().unwrap();
    let same = gitstead_image(&["--verify", file]);
    assert!(same.success && same.output.contains("is what these sources give"), "{}", same.output);
    let mut octets = std::fs::read(&path).unwrap();
    let last = octets.len() - 1;
    octets[last] ^= 1;
    std::fs::write(&path, &octets).unwrap();
    let changed = gitstead_image(&["--verify", file]);
    assert!(!changed.success && changed.output.contains("but these sources give"), "{}", changed.output);
    let other = gitstead_image(&["--verify", "Cargo.toml"]);
    assert!(!other.success && other.output.contains("Cargo.toml: is not an ELF file"), "{}", other.output);
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_parts_are_listed() {
    let folder = Folder::new();
    let path = image(&folder, "guest-probe");
    let list = std::fs::read_to_string(folder.join("guest-probe.img.cdx.json")).unwrap();
    let lock = std::fs::read_to_string(Path::new(ROOT).join("Cargo.lock")).unwrap();
    let (_, tokio) = lock.split_once("name = \"tokio\"\nversion = \"").unwrap();
    let version = tokio.split('"').next().unwrap();
    let sum = tokio.split("checksum = \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(list.contains(&format!("\"purl\":\"pkg:cargo/tokio@{version}\"")) && list.contains(sum), "{list}");
    assert!(list.contains("pkg:cargo/guest@") && list.contains("\"bomFormat\":\"CycloneDX\""), "{list}");
    assert!(!list.contains("tokio-macros") && !list.contains("pkg:cargo/syn@"), "{list}");
    let sha256 = run(Command::new("sha256sum").arg(&path), "").output;
    assert!(list.contains(sha256.split(' ').next().unwrap()), "{list}");
    // Whoever reads it reads JSON.
    let read = run(Command::new("python3").args(["-m", "json.tool"]).arg(folder.join("guest-probe.img.cdx.json")), "");
    assert!(read.success, "{}", read.output);
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_script_runs_it_and_ends_with_its_code() {
    let folder = Folder::new();
    let path = folder.join("probe.img");
    let options = ["guest-probe", "--launch", "qemu", "--launch", "libvirt", "--output", path.to_str().unwrap()];
    let built = gitstead_image(&options);
    assert!(built.success, "{}", built.output);
    for code in [0, 1, 7, 64, 127] {
        let mut script = Command::new(folder.join("probe.qemu.sh"));
        script.env("ACCEL", "tcg").env("NETDEV", "user").arg(format!("exit={code}"));
        let status = script.output().unwrap();
        let console = String::from_utf8_lossy(&status.stdout).into_owned();
        assert_eq!(status.status.code(), Some(code), "{console}{}", String::from_utf8_lossy(&status.stderr));
        assert!(console.contains(&format!("guest: exit {code}")), "{console}");
    }
    let mut script = Command::new(folder.join("probe.qemu.sh"));
    assert_eq!(script.env("ACCEL", "nonsense").output().unwrap().status.code(), Some(1), "QEMU's own failure");
    assert!(std::fs::read_to_string(folder.join("probe.libvirt.xml")).unwrap().contains(path.to_str().unwrap()));
}

/// All that `git clone` would bring, as it lies here.
fn copy_sources(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        if name == "target" || name == ".git" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_sources(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
