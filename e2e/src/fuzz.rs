//! Runs the fuzz targets of `fuzz/` for some seconds each, from their seeds.
//!
//! libFuzzer with the compiler's own coverage, which the stable compiler has behind two ordinary options; no nightly,
//! no cargo-fuzz.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The targets, one for each parser of foreign octets.
const TARGETS: [&str; 10] = [
    "dns_message",
    "transfer",
    "zone_file",
    "key_file",
    "pkt_line",
    "pack",
    "frames",
    "calendar",
    "webdav_body",
    "calendar_files",
];
/// Given so that build scripts are built without the options below.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";
const COVERAGE: &str = "--cfg fuzzing -C passes=sancov-module -C codegen-units=1 \
    -C llvm-args=-sanitizer-coverage-level=4 -C llvm-args=-sanitizer-coverage-inline-8bit-counters \
    -C llvm-args=-sanitizer-coverage-pc-table -C llvm-args=-sanitizer-coverage-trace-compares";

/// Builds the targets and runs each for `seconds`; what makes one fail is kept in `fuzz/artifacts`.
pub fn run(cargo: &mut Command, seconds: u32, step: impl Fn(&mut Command) -> Result<(), String>) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    step(cargo.args(["build", "--release", "--target", PLATFORM]).current_dir(&folder).env("RUSTFLAGS", COVERAGE))?;
    for target in TARGETS {
        let made = |name: &str| make(folder.join(name).join(target));
        let (corpus, artifacts) = (made("corpus")?, made("artifacts")?);
        let mut fuzzer = Command::new(folder.join("target").join(PLATFORM).join("release").join(target));
        fuzzer.arg(&corpus).arg(folder.join("seeds").join(target)).arg(format!("-max_total_time={seconds}"));
        fuzzer.args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0", "-max_len=4096"]);
        step(fuzzer.arg(format!("-artifact_prefix={}/", artifacts.display())))?;
    }
    Ok(())
}

fn make(folder: PathBuf) -> Result<PathBuf, String> {
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}
