//! QEMU's microvm, emulated in software, that boots an image of `gitstead image`.
//!
//! It needs no rights: the machine's network is QEMU's own, where the guest is 10.0.2.15, and 10.0.2.2 is this host's
//! loopback; ports are forwarded to the guest one by one.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::built;
use crate::folder::Folder;
use crate::process::{Outcome, Process, run_within};

/// The guest's address.
pub const GUEST: &str = "10.0.2.15";
/// This host's loopback, as the guest sees it.
pub const HOST: &str = "10.0.2.2";

/// A release build takes minutes on a small machine, and may wait for another.
const BUILD_PATIENCE: Duration = Duration::from_secs(1800);

/// An image of `service` in the folder, with the list of its parts beside it: that which `cargo e2e` has built, or
/// built now.
pub fn image(folder: &Folder, service: &str) -> PathBuf {
    let path = folder.join(&format!("{service}.img"));
    if std::env::var_os("GITSTEAD_E2E").is_some() {
        for name in [format!("{service}.img"), format!("{service}.img.cdx.json")] {
            let built = format!("{}/../target/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::copy(&built, folder.join(&name))
                .unwrap_or_else(|error| panic!("{built}: {error}; `cargo e2e` builds it"));
        }
        return path;
    }
    let outcome = gitstead_image(&[service, "--output", path.to_str().expect("test paths are UTF-8")]);
    assert!(outcome.success, "{}", outcome.output);
    path
}

/// Runs `gitstead image` in the folder of the sources.
pub fn gitstead_image(arguments: &[&str]) -> Outcome {
    let mut command = built::command("gitstead", "deploy");
    command.arg("image").args(arguments).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    run_within(BUILD_PATIENCE, &mut command, "")
}

/// A machine that is about to be started.
#[derive(Debug, Clone)]
pub struct Machine {
    image: PathBuf,
    memory: u32,
    processor: String,
    accelerator: String,
    arguments: String,
    network: bool,
    randomness: bool,
    forwards: String,
    more: Vec<String>,
}

impl Machine {
    /// 64 MiB, a processor with all that can be emulated, a network device and a source of randomness.
    pub fn new(image: &Path) -> Machine {
        Machine {
            image: image.to_owned(),
            memory: 64,
            processor: "max".to_owned(),
            accelerator: "tcg".to_owned(),
            arguments: String::new(),
            network: true,
            randomness: true,
            forwards: String::new(),
            more: Vec::new(),
        }
    }

    /// The command line of the guest.
    pub fn arguments(self, arguments: &str) -> Machine {
        Machine { arguments: arguments.to_owned(), ..self }
    }

    /// Memory in MiB.
    pub fn memory(self, memory: u32) -> Machine {
        Machine { memory, ..self }
    }

    /// Another processor.
    pub fn processor(self, processor: &str) -> Machine {
        Machine { processor: processor.to_owned(), ..self }
    }

    /// No network device.
    pub fn without_network(self) -> Machine {
        Machine { network: false, ..self }
    }

    /// No virtio-rng device.
    pub fn without_randomness(self) -> Machine {
        Machine { randomness: false, ..self }
    }

    /// What comes to `host` over `protocol` goes to that port of the guest.
    pub fn forward(mut self, protocol: &str, host: SocketAddr, guest: u16) -> Machine {
        self.forwards += &format!(",hostfwd={protocol}:{host}-{GUEST}:{guest}");
        self
    }

    /// Further arguments for QEMU.
    pub fn option(mut self, arguments: &[&str]) -> Machine {
        self.more.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Starts it; its console is what the process prints.
    pub fn start(&self, folder: &Folder) -> Process {
        let mut command = Command::new("qemu-system-x86_64");
        command.arg("-M").arg(format!("microvm,accel={},isa-serial=on,rtc=on", self.accelerator));
        command.args(["-cpu", &self.processor, "-m", &self.memory.to_string()]);
        command.args(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio"]);
        command.args(["-device", "isa-debug-exit,iobase=0x501,iosize=4", "-global", "virtio-mmio.force-legacy=false"]);
        if self.network {
            command.arg("-netdev").arg(format!("user,id=net{}", self.forwards));
            command.args(["-device", "virtio-net-device,netdev=net"]);
        }
        if self.randomness {
            command.args(["-device", "virtio-rng-device"]);
        }
        command.args(&self.more).arg("-kernel").arg(&self.image).args(["-append", &self.arguments]);
        Process::start("qemu", &mut command, &folder.join("console"))
    }

    /// Runs it to its end.
    pub fn run(&self, folder: &Folder) -> Ended {
        let mut process = self.start(folder);
        let status = process.wait();
        Ended { code: guest_code(status.code()), console: process.output() }
    }
}

/// A machine that has ended.
#[derive(Debug)]
pub struct Ended {
    /// The guest's exit code; none when QEMU itself failed.
    pub code: Option<i32>,
    /// What was printed on the console.
    pub console: String,
}

/// QEMU's exit code as the guest's: `isa-debug-exit` makes twice the code and one of it, a reset makes 0.
fn guest_code(status: Option<i32>) -> Option<i32> {
    match status? {
        0 => Some(0),
        code if code > 1 && code % 2 == 1 => Some(code / 2),
        _ => None,
    }
}

/// Waits until the console has `text`.
pub fn wait_for_console(process: &mut Process, text: &str) {
    process.wait_for_output(text, |console| console.contains(text));
}
