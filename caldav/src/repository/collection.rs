//! `.calendar.toml` and `.collection.toml`: what is known of a collection beside its members.
//!
//! People edit these files as well, so they are read with line numbers for complaints and changed in place: comments,
//! order and keys that nobody here knows stay. A calendar has the one, an ordinary WebDAV collection the other.

use toml_edit::{DocumentMut, Table};

use super::FileError;
use super::toml_text::{Reader, parse, set, set_tables};

/// The file of a calendar.
pub const CALENDAR_FILE: &str = ".calendar.toml";
/// The file of an ordinary collection.
pub const COLLECTION_FILE: &str = ".collection.toml";

/// What is known of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionFile {
    /// `DAV:displayname`.
    pub display_name: Option<String>,
    /// `CALDAV:calendar-description`.
    pub description: Option<String>,
    /// Apple's `calendar-color`, `#RRGGBB` or `#RRGGBBAA`.
    pub color: Option<String>,
    /// Apple's `calendar-order`.
    pub order: Option<i64>,
    /// `CALDAV:calendar-timezone`, a calendar with one VTIMEZONE.
    pub time_zone: Option<String>,
    /// `CALDAV:calendar-timezone-id` (RFC 7809).
    pub time_zone_id: Option<String>,
    /// `CALDAV:supported-calendar-component-set`; empty is all.
    pub components: Vec<String>,
    /// `CALDAV:schedule-calendar-transp`: events here do not make their owner busy.
    pub transparent: bool,
    /// Where the calendar comes from, if it is subscribed to.
    pub source: Option<String>,
    /// The secret of its read-only link.
    pub link: Option<String>,
    /// Of an inbox, `CALDAV:schedule-default-calendar-URL`: the name of the calendar that invitations go to.
    pub default_calendar: Option<String>,
    /// Of an inbox, `CALDAV:calendar-availability`: a calendar with hours of work (RFC 7953).
    pub availability: Option<String>,
    /// Who may do what.
    pub shares: Vec<Share>,
    /// Dead properties of the collection.
    pub properties: Vec<DeadProperty>,
    /// Dead properties of its members, by file name.
    pub member_properties: Vec<(String, DeadProperty)>,
}

/// A grant to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// To whom.
    pub grantee: Grantee,
    /// What.
    pub access: Access,
}

/// Whom a grant is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grantee {
    /// A user.
    User(String),
    /// The members of a group.
    Group(String),
    /// Every user.
    Everyone,
}

/// How much is granted; each includes the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// When the owner is busy.
    FreeBusy,
    /// All that is not private.
    Read,
    /// Changes of members and of properties.
    ReadWrite,
}

/// A property that the server keeps without knowing what it means (RFC 4918 section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadProperty {
    /// Its XML namespace.
    pub namespace: String,
    /// Its local name.
    pub name: String,
    /// `xml:lang`, where it has one.
    pub language: Option<String>,
    /// What is inside the element, XML that declares its own namespaces.
    pub value: String,
}

impl Access {
    /// As the file says it.
    pub fn word(self) -> &'static str {
        match self {
            Access::FreeBusy => "free-busy",
            Access::Read => "read",
            Access::ReadWrite => "read-write",
        }
    }
}

impl CollectionFile {
    /// Reads a file; an unknown key is none of our business.
    pub fn parse(text: &str) -> Result<CollectionFile, FileError> {
        let document = parse(text)?;
        let reader = Reader::new(text, document.as_table());
        let text = |key| Ok(reader.string(key)?.map(str::to_owned));
        Ok(CollectionFile {
            display_name: text("display_name")?,
            description: text("description")?,
            color: text("color")?,
            order: reader.integer("order")?,
            time_zone: text("time_zone")?,
            time_zone_id: text("time_zone_id")?,
            components: reader.strings("components")?.into_iter().map(str::to_owned).collect(),
            transparent: reader.boolean("transparent")?.unwrap_or(false),
            source: text("source")?,
            link: text("link")?,
            default_calendar: text("default_calendar")?,
            availability: text("availability")?,
            shares: reader.tables("share")?.iter().map(share).collect::<Result<_, _>>()?,
            properties: reader.tables("property")?.iter().map(property).collect::<Result<_, _>>()?,
            member_properties: reader
                .tables("member_property")?
                .iter()
                .map(member_property)
                .collect::<Result<_, _>>()?,
        })
    }

    /// `old` changed so that it says this; empty if there was no file.
    pub fn write_into(&self, old: &str) -> String {
        let mut document = old.parse::<DocumentMut>().unwrap_or_default();
        let table = document.as_table_mut();
        set(table, "display_name", self.display_name.as_deref());
        set(table, "description", self.description.as_deref());
        set(table, "color", self.color.as_deref());
        set(table, "order", self.order);
        set(table, "time_zone", self.time_zone.as_deref());
        set(table, "time_zone_id", self.time_zone_id.as_deref());
        let components: Option<toml_edit::Array> =
            (!self.components.is_empty()).then(|| self.components.iter().map(String::as_str).collect());
        set(table, "components", components);
        set(table, "transparent", self.transparent.then_some(true));
        set(table, "source", self.source.as_deref());
        set(table, "link", self.link.as_deref());
        set(table, "default_calendar", self.default_calendar.as_deref());
        set(table, "availability", self.availability.as_deref());
        set_tables(table, "share", self.shares.iter().map(share_table));
        set_tables(table, "property", self.properties.iter().map(property_table));
        let members = self.member_properties.iter().map(|(member, property)| {
            let mut table = property_table(property);
            table.insert("member", toml_edit::value(member.as_str()));
            table
        });
        set_tables(table, "member_property", members);
        document.to_string()
    }

    /// Dead properties of a member.
    pub fn properties_of<'a>(&'a self, member: &'a str) -> impl Iterator<Item = &'a DeadProperty> {
        self.member_properties.iter().filter(move |(name, _)| name == member).map(|(_, property)| property)
    }
}

fn share(reader: &Reader<'_>) -> Result<Share, FileError> {
    let (user, group) = (reader.string("with")?, reader.string("group")?);
    let grantee = match (user, group, reader.boolean("everyone")?) {
        (Some(user), None, None | Some(false)) => Grantee::User(user.to_owned()),
        (None, Some(group), None | Some(false)) => Grantee::Group(group.to_owned()),
        (None, None, Some(true)) => Grantee::Everyone,
        _ => return Err(reader.complain("with", "is not the only one of with, group and everyone in this share")),
    };
    let access = match reader.required("access")? {
        "free-busy" => Access::FreeBusy,
        "read" => Access::Read,
        "read-write" => Access::ReadWrite,
        _ => return Err(reader.complain("access", "is not one of free-busy, read and read-write")),
    };
    Ok(Share { grantee, access })
}

fn property(reader: &Reader<'_>) -> Result<DeadProperty, FileError> {
    Ok(DeadProperty {
        namespace: reader.string("namespace")?.unwrap_or_default().to_owned(),
        name: reader.required("name")?.to_owned(),
        language: reader.string("language")?.map(str::to_owned),
        value: reader.string("value")?.unwrap_or_default().to_owned(),
    })
}

fn member_property(reader: &Reader<'_>) -> Result<(String, DeadProperty), FileError> {
    Ok((reader.required("member")?.to_owned(), property(reader)?))
}

fn share_table(share: &Share) -> Table {
    let mut table = Table::new();
    match &share.grantee {
        Grantee::User(name) => table.insert("with", toml_edit::value(name.as_str())),
        Grantee::Group(name) => table.insert("group", toml_edit::value(name.as_str())),
        Grantee::Everyone => table.insert("everyone", toml_edit::value(true)),
    };
    table.insert("access", toml_edit::value(share.access.word()));
    table
}

fn property_table(property: &DeadProperty) -> Table {
    let mut table = Table::new();
    table.insert("namespace", toml_edit::value(property.namespace.as_str()));
    table.insert("name", toml_edit::value(property.name.as_str()));
    if let Some(language) = &property.language {
        table.insert("language", toml_edit::value(language.as_str()));
    }
    table.insert("value", toml_edit::value(property.value.as_str()));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# our calendar
display_name = 'Work'  # not play
color = \"#112233\"
unknown = 7

[[share]]
# my colleague
with = \"bob\"
access = \"read\"

[[share]]
group = \"staff\"
access = \"read-write\"
";

    #[test]
    fn a_file_is_read_and_changed_in_place() {
        let mut file = CollectionFile::parse(FILE).unwrap();
        assert_eq!(file.display_name.as_deref(), Some("Work"));
        assert_eq!(file.shares[1], Share { grantee: Grantee::Group("staff".to_owned()), access: Access::ReadWrite });
        assert_eq!(file.write_into(FILE), FILE, "what says the same stays");
        file.display_name = Some("Play".to_owned());
        file.shares.remove(1);
        let written = file.write_into(FILE);
        assert_eq!(CollectionFile::parse(&written).unwrap(), file);
        assert!(written.contains("display_name = \"Play\"  # not play"), "{written}");
        assert!(written.contains("# my colleague") && written.contains("unknown = 7"), "{written}");
    }

    #[test]
    fn everything_survives_a_round_trip() {
        let property = DeadProperty {
            namespace: "http://example.com/".to_owned(),
            name: "x".to_owned(),
            language: Some("de".to_owned()),
            value: "<a xmlns=\"y\">\n\"'\u{1d11e}</a>".to_owned(),
        };
        let file = CollectionFile {
            order: Some(3),
            components: vec!["VEVENT".to_owned()],
            transparent: true,
            default_calendar: Some("work".to_owned()),
            availability: Some("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_owned()),
            time_zone: Some("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_owned()),
            shares: vec![Share { grantee: Grantee::Everyone, access: Access::FreeBusy }],
            properties: vec![property.clone()],
            member_properties: vec![("a.ics".to_owned(), property)],
            ..CollectionFile::default()
        };
        assert_eq!(CollectionFile::parse(&file.write_into("")).unwrap(), file);
        assert_eq!(CollectionFile::parse("").unwrap(), CollectionFile::default());
    }

    #[test]
    fn complaints_name_the_line() {
        let complaint = |text| CollectionFile::parse(text).unwrap_err().to_string();
        assert_eq!(complaint("order = 1\ncolor = 5\n"), "line 2: color is not a text");
        assert!(complaint("a = 1\nb = \n").starts_with("line 2: "), "{}", complaint("a = 1\nb = \n"));
        let share = "[[share]]\nwith = 'bob'\naccess = 'all'\n";
        assert_eq!(complaint(share), "line 3: access is not one of free-busy, read and read-write");
    }
}
