//! Puts the built web calendar into the program: a table of its files, compressed where that is worth it.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web-ui/dist");
    println!("cargo::rerun-if-changed={}", built.display());
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut table = "static FILES: &[File] = &[\n".to_owned();
    let mut files = Vec::new();
    collect(&built, &mut files);
    assert!(!files.is_empty(), "{} has no page: run `npm ci && npm run build` in web-ui", built.display());
    files.sort();
    for (number, file) in files.iter().enumerate() {
        let path = file.strip_prefix(&built).expect("it is below").display().to_string().replace('\\', "/");
        let octets = fs::read(file).expect("a built file can be read");
        let copy = out.join(format!("web-{number}"));
        fs::write(&copy, &octets).expect("OUT_DIR can be written");
        let gzip = compressed(&octets).map(|small| {
            let copy = out.join(format!("web-{number}.gz"));
            fs::write(&copy, small).expect("OUT_DIR can be written");
            format!("Some(include_bytes!({:?}))", copy.display().to_string())
        });
        let immutable = path.starts_with("assets/");
        let _ = writeln!(
            table,
            "    File {{ path: {:?}, media_type: {:?}, is_immutable: {immutable}, octets: include_bytes!({:?}), gzip: {} }},",
            format!("/{path}"),
            media_type(&path),
            copy.display().to_string(),
            gzip.unwrap_or_else(|| "None".to_owned()),
        );
    }
    table.push_str("];\n");
    fs::write(out.join("web_ui.rs"), table).expect("OUT_DIR can be written");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

/// The same octets whenever they are built: no time, no name.
fn compressed(octets: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(octets).expect("a vector can be written");
    let small = encoder.finish().expect("a vector can be written");
    (small.len() + 64 < octets.len()).then_some(small)
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
