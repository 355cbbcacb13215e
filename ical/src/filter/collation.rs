//! How texts are compared (RFC 4790, RFC 5051, RFC 4791 section 7.5).
//!
//! i;unicode-casemap folds the case of every character; it does not decompose, so that `é` in one character and in two differ.

use std::borrow::Cow;

/// A collation, by what it does not distinguish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Collation {
    /// i;octet: nothing.
    Octet,
    /// i;ascii-casemap: the case of ASCII letters.
    #[default]
    AsciiCasemap,
    /// i;unicode-casemap: the case of letters.
    UnicodeCasemap,
}

impl Collation {
    /// By its name in a request; none if it is not known.
    pub fn named(name: &str) -> Option<Collation> {
        match name {
            "default" | "i;ascii-casemap" => Some(Collation::AsciiCasemap),
            "i;octet" => Some(Collation::Octet),
            "i;unicode-casemap" => Some(Collation::UnicodeCasemap),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Collation::Octet => "i;octet",
            Collation::AsciiCasemap => "i;ascii-casemap",
            Collation::UnicodeCasemap => "i;unicode-casemap",
        }
    }

    fn fold(self, text: &str) -> Cow<'_, str> {
        match self {
            Collation::Octet => Cow::Borrowed(text),
            Collation::AsciiCasemap => Cow::Owned(text.to_ascii_lowercase()),
            // By way of the upper case, so that ß and SS, ς and σ are the same.
            Collation::UnicodeCasemap => Cow::Owned(text.to_uppercase().to_lowercase().replace('ς', "σ")),
        }
    }
}

/// What is looked for, folded once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needle {
    text: String,
    collation: Collation,
}

impl Needle {
    pub fn new(text: &str, collation: Collation) -> Needle {
        Needle { text: collation.fold(text).into_owned(), collation }
    }

    pub fn is_in(&self, text: &str) -> bool {
        memchr::memmem::find(self.collation.fold(text).as_bytes(), self.text.as_bytes()).is_some()
    }
}
