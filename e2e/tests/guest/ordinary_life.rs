//! What services do: arguments, time, randomness, memory, the end.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use e2e::folder::Folder;
use e2e::qemu::{self, Machine};

use super::{line, run, run_on};

#[test]
#[ignore = "needs cargo e2e"]
fn arguments_arrive_as_they_were_meant() {
    let ended = run(r#"arguments --x="Hello, world" a\ b "" exit=3"#);
    assert_eq!(line(&ended, "arguments"), r#"["guest-probe", "arguments", "--x=Hello, world", "a b", "", "exit=3"]"#);
    assert_eq!(ended.code, Some(3), "{}", ended.console);
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_image_has_arguments_of_its_own() {
    let folder = Folder::new();
    let path = folder.join("probe.img");
    let options = ["guest-probe", "--arguments", "arguments exit=5", "--output", path.to_str().unwrap()];
    assert!(qemu::gitstead_image(&options).success);
    assert_eq!(Machine::new(&path).run(&folder).code, Some(5));
    // What the machine is given comes in their place.
    assert_eq!(Machine::new(&path).arguments("exit=6").run(&folder).code, Some(6));
}

#[test]
#[ignore = "needs cargo e2e"]
fn the_clock_is_right_and_timers_are_not_early() {
    let ended = run("time");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let words: Vec<u64> = line(&ended, "time").split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(words[0].abs_diff(now) <= 3, "the guest has {}, the host {now}", words[0]);
    // By its own clock; the machine may have been stopped for as long as the host is busy.
    assert!(words[1] >= 120, "{} ms", words[1]);
    assert_eq!(ended.code, Some(0));
}

#[test]
#[ignore = "needs cargo e2e"]
fn randomness_differs_from_boot_to_boot_and_needs_one_source() {
    let no_rdrand = |machine: Machine| machine.processor("max,-rdrand,-rdseed");
    let ended =
        [run("random"), run("random"), run_on("random", Machine::without_randomness), run_on("random", no_rdrand)];
    for (index, one) in ended.iter().enumerate() {
        assert!(ended[..index].iter().all(|other| line(one, "random") != line(other, "random")), "{}", one.console);
    }
    let none = run_on("random", |machine| no_rdrand(machine).without_randomness());
    assert_eq!(none.code, Some(71));
    assert!(none.console.contains("no randomness"), "{}", none.console);
}

#[test]
#[ignore = "needs cargo e2e"]
fn registers_survive_the_kernel() {
    assert_eq!(line(&run("registers"), "registers"), "true");
    assert_eq!(line(&run_on("registers", |machine| machine.processor("max,-avx,-avx2")), "registers"), "true");
}

#[test]
#[ignore = "needs cargo e2e"]
fn memory_comes_when_it_is_touched_and_goes_when_it_is_freed() {
    // Ten times as much as there is at once, and a range a thousand times as large.
    let ended = run("allocate=30 reserve=64 refuse=100 allocate=30");
    let total: usize = line(&ended, "allocated").parse().unwrap();
    assert!(total > 150, "{total}");
    assert_eq!((line(&ended, "reserved"), line(&ended, "refused")), ("64", "true"));
    assert_eq!(ended.code, Some(0), "{}", ended.console);
}

#[test]
#[ignore = "needs cargo e2e"]
fn calls_that_are_not_served_are_said_once() {
    let ended = run("system-call=41 system-call=41 system-call=500");
    assert_eq!(ended.console.matches("probe: system call 38").count(), 3, "{}", ended.console);
    assert_eq!(ended.console.matches("system call 41 is not served").count(), 1, "{}", ended.console);
}

#[test]
#[ignore = "needs cargo e2e"]
fn an_idle_machine_costs_nothing() {
    let folder = Folder::new();
    let image = qemu::image(&folder, "guest-probe");
    let mut machine = Machine::new(&image).arguments("echo").start(&folder);
    qemu::wait_for_console(&mut machine, "probe: echo");
    let settled = Instant::now() + Duration::from_secs(1);
    e2e::wait::until("it has settled", || Instant::now() > settled);
    // Here the time that passes is what is tested.
    let (before, end) = (machine.processor_time(), Instant::now() + Duration::from_secs(4));
    e2e::wait::until("four seconds", || Instant::now() > end);
    let used = machine.processor_time() - before;
    eprintln!("idle: {used:?} of 4 s");
    assert!(used < Duration::from_millis(100), "{used:?} of 4 s");
}
