//! What starts an image: a script for QEMU, a domain for libvirt, a configuration for Firecracker, and for who wants
//! the same service without a virtual machine, a systemd unit for the sandbox.
//!
//! Names of hosts, devices and arguments in them are examples: an operator edits the file, once.

use std::path::Path;

/// Kinds of starting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Launch {
    /// A shell script that runs QEMU
    Qemu,
    /// XML for `virsh define`
    Libvirt,
    /// JSON for `firecracker --config-file`
    Firecracker,
    /// A unit that runs the service in the sandbox, not in a virtual machine
    Systemd,
}

impl Launch {
    /// What the file's name ends in.
    pub fn extension(self) -> &'static str {
        match self {
            Launch::Qemu => "qemu.sh",
            Launch::Libvirt => "libvirt.xml",
            Launch::Firecracker => "firecracker.json",
            Launch::Systemd => "service",
        }
    }

    /// Whether it is to be executed.
    pub fn is_program(self) -> bool {
        self == Launch::Qemu
    }

    /// The file's text for the service `name` in `image`.
    pub fn text(self, name: &str, image: &Path) -> String {
        let image = std::path::absolute(image).unwrap_or(image.to_owned());
        let template = match self {
            Launch::Qemu => QEMU,
            Launch::Libvirt => LIBVIRT,
            Launch::Firecracker => FIRECRACKER,
            Launch::Systemd => SYSTEMD,
        };
        template.replace("NAME", name).replace("IMAGE", &image.to_string_lossy())
    }
}

const QEMU: &str = r#"#!/bin/sh
# Runs NAME in a virtual machine on the tap device $TAP: NAME.qemu.sh ARGUMENTS, or without any those of the image.
# A blank inside an argument takes a backslash or double quotes of its own. Ends with the service's exit code.
qemu-system-x86_64 -M microvm,accel=${ACCEL:-kvm:tcg},isa-serial=on,rtc=on,pit=on,acpi=off -cpu max -m "${MEMORY:-128}" \
    -nodefaults -no-user-config -no-reboot -display none -serial stdio \
    -global virtio-mmio.force-legacy=false -device virtio-rng-device \
    -netdev ${NETDEV:-tap,ifname=${TAP:-tap0},script=no,downscript=no},id=net -device virtio-net-device,netdev=net \
    -device isa-debug-exit,iobase=0x501,iosize=4 -kernel "IMAGE" -append "$*"
status=$?
# A code of the guest's other than 0 comes as twice that and one; 1 is QEMU's own.
[ $status -gt 1 ] && [ $((status % 2)) -eq 1 ] && exit $((status / 2))
exit $status
"#;

const LIBVIRT: &str = r#"<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>NAME</name>
  <memory unit='MiB'>128</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='microvm'>hvm</type>
    <kernel>IMAGE</kernel>
    <cmdline>--ipv4=10.0.0.2/24 --ipv4-gateway=10.0.0.1</cmdline>
  </os>
  <cpu mode='maximum'/>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>destroy</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <serial type='pty'><target type='isa-serial' port='0'/></serial>
    <console type='pty'><target type='serial' port='0'/></console>
    <memballoon model='none'/>
  </devices>
  <!-- libvirt gives microvm no devices of its own on virtio-mmio. -->
  <qemu:commandline>
    <qemu:arg value='-global'/><qemu:arg value='virtio-mmio.force-legacy=false'/>
    <qemu:arg value='-netdev'/><qemu:arg value='tap,id=net,ifname=tap0,script=no,downscript=no'/>
    <qemu:arg value='-device'/><qemu:arg value='virtio-net-device,netdev=net'/>
    <qemu:arg value='-device'/><qemu:arg value='virtio-rng-device'/>
  </qemu:commandline>
</domain>
"#;

const FIRECRACKER: &str = r#"{
  "boot-source": { "kernel_image_path": "IMAGE", "boot_args": "--ipv4=10.0.0.2/24 --ipv4-gateway=10.0.0.1" },
  "machine-config": { "vcpu_count": 1, "mem_size_mib": 128 },
  "drives": [],
  "network-interfaces": [{ "iface_id": "net", "host_dev_name": "tap0" }],
  "entropy": {}
}
"#;

const SYSTEMD: &str = r#"# NAME in the sandbox: the executable that `gitstead build NAME` makes, on the tap device tap0, with the system calls of
# its steady state only.
[Unit]
Description=NAME (gitstead)
After=network.target

[Service]
ExecStart=/usr/local/bin/gitstead run --tap tap0 /usr/local/lib/gitstead/NAME -- --ipv4=10.0.0.2/24 --ipv4-gateway=10.0.0.1
Restart=on-failure
# A bad argument does not get better.
RestartPreventExitStatus=64
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_names_the_service_or_its_image() {
        for kind in [Launch::Qemu, Launch::Libvirt, Launch::Firecracker, Launch::Systemd] {
            let text = kind.text("dns-primary", Path::new("/images/dns-primary.img"));
            let expected = if kind == Launch::Systemd { "gitstead/dns-primary" } else { "/images/dns-primary.img" };
            assert!(text.contains(expected), "{text}");
        }
    }
}
