//! `groups/NAME.toml`: what is known of a group. Who is in it stands in the users' files.
//!
//! A group exists if it has a file or a user names it.

use super::FileError;
use super::names::{NameError, check_principal};
use super::toml_text::{Reader, parse, parse_to_change, set};

/// The folder of all groups.
pub const FOLDER: &str = "groups";

/// What a file says of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// As people are to see the name.
    pub display_name: Option<String>,
}

impl Group {
    /// Reads a file; unknown keys are none of our business.
    pub fn parse(text: &str) -> Result<Group, FileError> {
        let document = parse(text)?;
        let reader = Reader::new(text, document.as_table());
        Ok(Group { display_name: reader.string("display_name")?.map(str::to_owned) })
    }
}

/// A file with another display name.
pub fn set_display_name(old: &str, name: Option<&str>) -> Result<String, FileError> {
    Group::parse(old)?;
    let mut file = parse_to_change(old)?;
    set(&mut file, "display_name", name);
    Ok(file.to_string())
}

/// The file of a group.
pub fn path(name: &str) -> String {
    format!("{FOLDER}/{name}.toml")
}

/// The group whose file this is. None for other files; an error for one that is named as no group can be.
pub fn name_of(path: &str) -> Option<Result<&str, NameError>> {
    let name = path.strip_prefix(FOLDER)?.strip_prefix('/')?.strip_suffix(".toml")?;
    (!name.contains('/') && !name.starts_with('.')).then(|| check_principal(name).map(|()| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_changed() {
        let old = "# all of us\nx = 1\n";
        assert_eq!(Group::parse(old).unwrap(), Group::default());
        let new = set_display_name(old, Some("Staff")).unwrap();
        assert_eq!(Group::parse(&new).unwrap().display_name.as_deref(), Some("Staff"));
        assert!(new.starts_with(old), "{new}");
        assert_eq!(Group::parse("\ndisplay_name = 1").unwrap_err().to_string(), "line 2: display_name is not a text");
        assert!(set_display_name("x", None).is_err());
    }

    #[test]
    fn which_files_are_groups() {
        assert_eq!(name_of("groups/staff.toml"), Some(Ok("staff")));
        assert_eq!(path("staff"), "groups/staff.toml");
        assert_eq!(name_of("users/staff.toml"), None);
        assert!(matches!(name_of("groups/-.toml"), Some(Err(_))));
    }
}
