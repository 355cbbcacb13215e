//! What is in an image, as CycloneDX 1.5: every crate that the service links, with version, licence and checksum, and
//! the guest kernel.
//!
//! What only runs while building (procedural macros, build scripts, and what only they use) is not in the image.

use std::collections::{BTreeMap, BTreeSet};

use super::ImageError;
use crate::elf::{Sources, cargo};

/// One crate.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    name: String,
    version: String,
    licence: String,
    /// It is from crates.io, not from here.
    foreign: bool,
}

/// The list for the service `name` in an image with that SHA-256.
pub fn write(name: &str, sha256: &str) -> Result<String, ImageError> {
    let format = ["--prefix", "depth", "--no-dedupe", "--format", "{p}|{l}"];
    let what = ["tree", "--locked", "--edges", "normal", "--target", "x86_64-unknown-linux-gnu", "--package", name];
    let tree = cargo(&[&what[..], &format].concat(), &[])?;
    let lock = Sources::here()?.root.join("Cargo.lock");
    Ok(document(name, sha256, &parts(&tree), &checksums(&super::read(&lock)?)))
}

/// What `cargo tree` prints, a line a crate: depth, name, `v` and version, where it is from; licence.
fn parts(tree: &str) -> BTreeSet<Part> {
    let mut parts = BTreeSet::new();
    let mut skipped: Option<usize> = None;
    for line in tree.lines() {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let Ok(depth) = line[..digits].parse::<usize>() else { continue };
        if skipped.is_some_and(|above| depth > above) {
            continue;
        }
        let (package, licence) = line[digits..].split_once('|').unwrap_or((&line[digits..], ""));
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let rest = words.collect::<Vec<_>>().join(" ");
        skipped = rest.contains("(proc-macro)").then_some(depth);
        if skipped.is_none() {
            let version = version.trim_start_matches('v').to_owned();
            parts.insert(Part {
                name: name.to_owned(),
                version,
                licence: licence.to_owned(),
                foreign: rest.is_empty(),
            });
        }
    }
    parts
}

/// Name and version → SHA-256, of a lock file.
fn checksums(lock: &[u8]) -> BTreeMap<(String, String), String> {
    let text = String::from_utf8_lossy(lock);
    let packages = text.split("[[package]]").skip(1);
    let field = |package: &str, name: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")))?;
        line.strip_suffix('"').map(str::to_owned)
    };
    let entry =
        |package: &str| Some(((field(package, "name")?, field(package, "version")?), field(package, "checksum")?));
    packages.filter_map(entry).collect()
}

fn document(
    name: &str,
    sha256: &str,
    parts: &BTreeSet<Part>,
    checksums: &BTreeMap<(String, String), String>,
) -> String {
    let version = parts.iter().find(|part| part.name == name).map_or("", |part| &part.version);
    let hash = |sum: &str| format!(",\"hashes\":[{{\"alg\":\"SHA-256\",\"content\":{}}}]", quoted(sum));
    let kernel = Part {
        name: "guest".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        licence: "MIT OR Apache-2.0".to_owned(),
        foreign: false,
    };
    let components = parts.iter().chain([&kernel]).map(|part| {
        let package = format!("pkg:cargo/{}@{}", part.name, part.version);
        let known = checksums.get(&(part.name.clone(), part.version.clone())).filter(|_| part.foreign);
        let licence = match part.licence.as_str() {
            "" => String::new(),
            expression => format!(",\"licenses\":[{{\"expression\":{}}}]", quoted(&expression.replace('/', " OR "))),
        };
        format!(
            "    {{\"type\":\"library\",\"name\":{},\"version\":{},\"purl\":{}{licence}{}}}",
            quoted(&part.name),
            quoted(&part.version),
            quoted(&package),
            known.map_or(String::new(), |sum| hash(sum)),
        )
    });
    format!(
        "{{\n  \"bomFormat\":\"CycloneDX\",\n  \"specVersion\":\"1.5\",\n  \"version\":1,\n  \"metadata\":{{\"component\":\
         {{\"type\":\"firmware\",\"name\":{},\"version\":{}{}}}}},\n  \"components\":[\n{}\n  ]\n}}\n",
        quoted(name),
        quoted(version),
        hash(sha256),
        components.collect::<Vec<_>>().join(",\n"),
    )
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|character| match character {
        '"' | '\\' => format!("\\{character}"),
        control if control < ' ' => format!("\\u{:04x}", u32::from(control)),
        other => other.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0dns v0.1.0 (/src/dns)|MIT\n1clap v4.6.7|MIT OR Apache-2.0\n2clap_derive v4.6.7 (proc-macro)|MIT\n\
                        3syn v2.0.1|MIT\n2strsim v0.11.1|MIT\n1tokio v1.54.1|MIT\n";

    #[test]
    fn what_only_builds_is_not_in_it() {
        let names: Vec<String> = parts(TREE).into_iter().map(|part| part.name).collect();
        assert_eq!(names, ["clap", "dns", "strsim", "tokio"]);
    }

    #[test]
    fn foreign_parts_have_checksums() {
        let lock = b"[[package]]\nname = \"tokio\"\nversion = \"1.54.1\"\nchecksum = \"abc\"\n\n[[package]]\nname = \"dns\"\nversion = \"0.1.0\"\n";
        let text = document("dns", "123", &parts(TREE), &checksums(lock));
        assert!(text.contains(r#""purl":"pkg:cargo/tokio@1.54.1","licenses":[{"expression":"MIT"}],"hashes":[{"alg":"SHA-256","content":"abc"}]"#), "{text}");
        assert!(
            text.contains(r#""name":"dns","version":"0.1.0","hashes":[{"alg":"SHA-256","content":"123"}]"#),
            "{text}"
        );
        assert!(text.contains("pkg:cargo/guest@"));
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(quoted("a\"b\\c\n"), r#""a\"b\\c\u000a""#);
    }
}
