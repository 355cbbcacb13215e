//! What users, groups, calendars and objects may be called, and how a segment of a URL is spelled as a file name.
//!
//! A file name must be one that git takes and that a clone on macOS or Windows can hold. Whatever octets of a segment
//! are not are written `%XX`, and so is a `%` that would read as such; the way back is the same for every name that was
//! written here.

use std::fmt::Write;

use unicode_normalization::UnicodeNormalization;

/// Octets of a file name, at most: what every file system takes.
const LONGEST_FILE_NAME: usize = 255;

/// Octets of the name of a user or group, at most.
const LONGEST_PRINCIPAL: usize = 64;

/// Paths of the server's own, which nobody may be called.
const RESERVED: [&str; 7] = ["calendars", "freebusy", "groups", "inbox", "notifications", "outbox", "users"];

/// Names that Windows keeps for devices, whatever follows a dot.
const DEVICES: [&str; 6] = ["aux", "con", "conin$", "conout$", "nul", "prn"];

/// Why something cannot be called so. At fault: who asked for it, or who pushed the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing at all.
    #[error("a name is empty")]
    Empty,
    /// Longer than file systems or people can take.
    #[error("the name is longer than {0} octets")]
    TooLong(usize),
    /// An octet that no name may have.
    #[error("the name {0:?} contains a control character")]
    Control(String),
    /// `.` and `..` mean folders.
    #[error("{0:?} means a folder and is no name")]
    Dots(String),
    /// A user or group with characters that would have to be spelled.
    #[error("the name {0:?} may only have letters and digits of ASCII and . _ @ + -")]
    Characters(String),
    /// A user or group whose name begins like a hidden file or an option.
    #[error("the name {0:?} must not begin with a dot or a dash")]
    Start(String),
    /// A user or group whose name has an end that git or Windows keeps.
    #[error("the name {0:?} must not end in a dot or in .lock")]
    End(String),
    /// A user or group whose name the server or Windows keeps.
    #[error("the name {0:?} is reserved")]
    Reserved(String),
    /// A file that was not written here and has another spelling of its name.
    #[error("a file with this name is written {0:?}")]
    Misspelled(String),
}

/// May a user or a group be called so? Names are compared exactly.
pub fn check_principal(name: &str) -> Result<(), NameError> {
    let refuse = |error: fn(String) -> NameError| Err(error(name.to_owned()));
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > LONGEST_PRINCIPAL {
        return Err(NameError::TooLong(LONGEST_PRINCIPAL));
    }
    if !name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"._@+-".contains(&octet)) {
        return refuse(NameError::Characters);
    }
    if name.starts_with(['.', '-']) {
        return refuse(NameError::Start);
    }
    if name.ends_with('.') || name.to_ascii_lowercase().ends_with(".lock") {
        return refuse(NameError::End);
    }
    if RESERVED.contains(&name.to_ascii_lowercase().as_str()) || is_device(name) {
        return refuse(NameError::Reserved);
    }
    Ok(())
}

/// The file of a segment of a URL, given its octets after percent-decoding.
pub fn file_name(segment: &[u8]) -> Result<String, NameError> {
    let lossy = || String::from_utf8_lossy(segment).into_owned();
    match segment {
        b"" => return Err(NameError::Empty),
        b"." | b".." => return Err(NameError::Dots(lossy())),
        _ => (),
    }
    let mut name = String::with_capacity(segment.len());
    let mut at = 0;
    for chunk in segment.utf8_chunks() {
        for (offset, character) in chunk.valid().char_indices() {
            if character.is_control() {
                return Err(NameError::Control(lossy()));
            }
            match must_be_spelled(segment, at + offset, character) {
                true => spell(&mut name, character.encode_utf8(&mut [0; 4]).as_bytes()),
                false => name.push(character),
            }
        }
        spell(&mut name, chunk.invalid());
        at += chunk.valid().len() + chunk.invalid().len();
    }
    if name.len() > LONGEST_FILE_NAME { Err(NameError::TooLong(LONGEST_FILE_NAME)) } else { Ok(name) }
}

/// The octets of the segment whose file this is. A file that [`file_name`] would call otherwise has none.
pub fn segment(file: &str) -> Result<Vec<u8>, NameError> {
    let octets = file.as_bytes();
    let mut segment = Vec::with_capacity(octets.len());
    let mut at = 0;
    while at < octets.len() {
        match spelled_octet(&octets[at..]) {
            Some(octet) => {
                segment.push(octet);
                at += 3;
            }
            None => {
                segment.push(octets[at]);
                at += 1;
            }
        }
    }
    let right = file_name(&segment)?;
    if right == file { Ok(segment) } else { Err(NameError::Misspelled(right)) }
}

/// The same for all names that some file system holds to be one: without regard to case and Unicode's normal forms.
pub fn folded(name: &str) -> String {
    // By way of capitals, since several small letters have the same capital (σ and ς).
    name.nfd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfd().collect()
}

fn must_be_spelled(segment: &[u8], at: usize, character: char) -> bool {
    let first = at == 0;
    let last = at + character.len_utf8() == segment.len();
    match character {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => true,
        '%' => spelled_octet(&segment[at..]).is_some(),
        // What begins with a dot is ours, and git's.
        '.' => first || last,
        ' ' => last,
        '~' => is_short_name(segment, at),
        // HFS+ reads names as if these were not there, so that they could hide `.git`.
        '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}' => true,
        _ => first && std::str::from_utf8(segment).is_ok_and(is_device),
    }
}

/// `GIT~1` and its like are what NTFS calls `.git` and files that git reads, for programs that know names of eight
/// letters.
fn is_short_name(segment: &[u8], at: usize) -> bool {
    segment[..2.min(segment.len())].eq_ignore_ascii_case(b"gi")
        && at <= 8
        && segment.get(at + 1).is_some_and(u8::is_ascii_digit)
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_lowercase();
    let port = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| {
            rest.chars().count() == 1 && rest.chars().all(|c| c.is_ascii_digit() || "¹²³".contains(c))
        })
    };
    DEVICES.contains(&stem.as_str()) || port("com") || port("lpt")
}

fn spell(name: &mut String, octets: &[u8]) {
    for octet in octets {
        write!(name, "%{octet:02X}").expect("text can be written to a string");
    }
}

/// The octet that `%XX` at the beginning stands for.
fn spelled_octet(octets: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = octets else { return None };
    let digit = |octet: &u8| char::from(*octet).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn users_have_plain_names() {
        for good in ["alice", "root", "Alice.B", "a@example.org", "x+y_z-1", "comet", "a.lock.b", &"a".repeat(64)] {
            assert_eq!(check_principal(good), Ok(()), "{good}");
        }
        for (bad, part) in [
            ("", "empty"),
            (".git", "begin with a dot"),
            ("-rf", "begin with a dot or a dash"),
            ("a.", "end in a dot"),
            ("a.LOCK", "end in a dot or in .lock"),
            ("inbox", "reserved"),
            ("Con", "reserved"),
            ("lpt1.x", "reserved"),
            ("a/b", "letters and digits"),
            ("a:b", "letters and digits"),
            ("jürgen", "letters and digits"),
            ("a b", "letters and digits"),
            (&"a".repeat(65), "longer than 64"),
        ] {
            let error = check_principal(bad).unwrap_err().to_string();
            assert!(error.contains(part), "{bad}: {error}");
        }
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in [
            "1.ics",
            "Team lunch.ics",
            "a..b.ics",
            "ünï.ics",
            "50% off.ics",
            "100%.ics",
            "a@b+c=d&e;f.ics",
            "com10",
            "日",
        ] {
            assert_eq!(file_name(name.as_bytes()).as_deref(), Ok(name));
            assert_eq!(segment(name).as_deref(), Ok(name.as_bytes()));
        }
    }

    #[test]
    fn what_git_or_a_file_system_would_not_hold_is_spelled() {
        for (name, file) in [
            ("a/b", "a%2Fb"),
            ("..\\x", "%2E.%5Cx"),
            (".calendar.toml", "%2Ecalendar.toml"),
            (".GIT", "%2EGIT"),
            ("\u{200c}.git", "%E2%80%8C.git"),
            ("git~1", "git%7E1"),
            ("GI7EBA~1", "GI7EBA%7E1"),
            ("a~1", "a~1"),
            ("a. ", "a.%20"),
            ("a.", "a%2E"),
            ("...", "%2E.%2E"),
            ("nul.ics", "%6Eul.ics"),
            ("COM¹", "%43OM¹"),
            ("c:x", "c%3Ax"),
            ("a%2fb", "a%252fb"),
            ("%", "%"),
        ] {
            assert_eq!(file_name(name.as_bytes()).as_deref(), Ok(file), "{name}");
            assert_eq!(segment(file).as_deref(), Ok(name.as_bytes()), "{file}");
        }
        assert_eq!(file_name(b"\xff\xc3\xbc").as_deref(), Ok("%FFü"));
        assert_eq!(segment("%FFü").as_deref(), Ok(&b"\xff\xc3\xbc"[..]));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let refused = |name: &[u8]| file_name(name).unwrap_err();
        assert_eq!(refused(b""), NameError::Empty);
        assert_eq!(refused(b".."), NameError::Dots("..".to_owned()));
        for name in [&b"a\0b"[..], b"a\nb", b"\x7f", "\u{85}".as_bytes()] {
            assert!(matches!(refused(name), NameError::Control(_)), "{name:?}");
        }
        assert_eq!(refused(&[b'a'; 4000]), NameError::TooLong(255));
        assert_eq!(refused(&[b'/'; 86]), NameError::TooLong(255));
    }

    #[test]
    fn a_file_of_another_spelling_is_told_the_right_one() {
        let misspelled = |right: &str| NameError::Misspelled(right.to_owned());
        assert_eq!(segment("a%20b.ics").unwrap_err(), misspelled("a b.ics"));
        assert_eq!(segment("a%2fb").unwrap_err(), misspelled("a%2Fb"));
        assert_eq!(segment(".calendar.toml").unwrap_err(), misspelled("%2Ecalendar.toml"));
    }

    #[test]
    fn names_that_are_one_on_other_systems_fold_to_one() {
        assert_eq!(folded("Caf\u{e9}.ICS"), folded("cafe\u{301}.ics"));
        assert_eq!(folded("ΟΔΟΣ"), folded("οδος"));
        assert_eq!(folded("\u{212b}"), folded("å"));
        assert_ne!(folded("a"), folded("b"));
    }

    proptest! {
        #[test]
        fn every_name_comes_back(octets in proptest::collection::vec(any::<u8>(), 1..80)) {
            if let Ok(file) = file_name(&octets) {
                prop_assert_eq!(segment(&file), Ok(octets));
                prop_assert!(!file.contains(['/', '\\', ':', '\0']) && !file.starts_with('.') && !file.ends_with(['.', ' ']));
            }
        }

        #[test]
        fn every_text_comes_back(text in "[.%~gitGIT1-9aA€\u{200c} /]{1,12}") {
            if let Ok(file) = file_name(text.as_bytes()) {
                prop_assert_eq!(segment(&file), Ok(text.into_bytes()));
            }
        }
    }
}
