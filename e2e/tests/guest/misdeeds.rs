//! What an application must not do: it ends, the kernel says why, and the code is 70 (or 71 when memory is out).

use super::{line, run};

#[test]
#[ignore = "needs cargo e2e"]
fn each_misdeed_ends_the_application_and_is_named() {
    for (misdeed, said) in [
        ("overflow", "its stack has overflowed"),
        ("write-text", "writes address 0x"),
        ("read-kernel", "reads address 0x100000, which it may not"),
        ("read-window", "reads address 0xffff800000200000"),
        ("read-nothing", "reads address 0x8, which is not there"),
        ("run-data", "runs address 0x"),
        ("halt", "a protection fault"),
        ("port", "a protection fault"),
        ("illegal", "an illegal instruction"),
        ("abort", "signal 6"),
        ("lock", "waits for another thread"),
        ("sealed", "it is sealed, and made system call 9"),
    ] {
        let ended = run(&format!("misdeed={misdeed}"));
        assert_eq!(ended.code, Some(70), "{misdeed}: {}", ended.console);
        assert!(ended.console.contains(said), "{misdeed}: {}", ended.console);
        assert!(!ended.console.contains("got away"), "{misdeed}: {}", ended.console);
    }
}

#[test]
#[ignore = "needs cargo e2e"]
fn memory_that_is_out_is_said() {
    let ended = run("misdeed=hoard");
    assert_eq!(ended.code, Some(71), "{}", ended.console);
    assert!(ended.console.contains("out of memory"), "{}", ended.console);
}

#[test]
#[ignore = "needs cargo e2e"]
fn a_panic_is_seen() {
    let ended = run("panic");
    assert!(ended.console.contains("as asked") && ended.code == Some(70), "{}", ended.console);
}

#[test]
#[ignore = "needs cargo e2e"]
fn memory_is_never_made_executable() {
    // EACCES.
    assert_eq!(line(&run("executable"), "executable"), "Some(13) -1");
}

#[test]
#[ignore = "needs cargo e2e"]
fn system_calls_reach_only_the_applications_memory() {
    // EFAULT, each.
    assert_eq!(line(&run("pointers"), "pointers"), "[14, 14, 14, 14, 14] [14, 14, 14, 14] 14");
}
