//! Changes of single properties and components; every other octet stays as it is. And new ones, for new calendars.
//!
//! What is written is folded at 75 octets (RFC 5545 section 3.1) and ends its lines as the calendar does.

use std::borrow::Cow;

use bytes::Bytes;

use crate::document::{Component, Document, Property};
use crate::splice::{self, Splices};
use crate::text;

/// Changes of a document, to be applied together.
#[derive(Debug)]
pub struct Patch<'a> {
    document: &'a Document,
    splices: Splices,
    newline: &'static str,
}

/// A property as it is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProperty {
    /// Its name and parameters, as they are written.
    pub(crate) head: String,
    pub(crate) value: String,
}

/// A component as it is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewComponent {
    pub(crate) name: String,
    pub(crate) properties: Vec<NewProperty>,
    pub(crate) components: Vec<NewComponent>,
}

impl<'a> Patch<'a> {
    /// No change yet.
    pub fn new(document: &'a Document) -> Patch<'a> {
        let newline = splice::newline(document.octets());
        Patch { document, splices: Splices::default(), newline }
    }

    /// Puts a property in the place of the first of its name, and removes the others; adds it where there is none.
    pub fn set(&mut self, component: Component<'_>, property: &NewProperty) {
        let mut named = component.properties_named(property.name());
        match named.next() {
            Some(first) => self.replace(first, property),
            None => self.add(component, property),
        }
        named.for_each(|other| self.remove(other));
    }

    /// Puts a property in the place of another.
    pub fn replace(&mut self, old: Property<'_>, new: &NewProperty) {
        self.splices.replace(old.span(), self.printed(|out, newline| new.print(newline, out)));
    }

    /// Adds a property behind those of a component, before the components in it.
    pub fn add(&mut self, component: Component<'_>, property: &NewProperty) {
        let at = component.components().next().map_or(component.end_line(), |first| first.span().start);
        self.splices.insert(at, self.printed(|out, newline| property.print(newline, out)));
    }

    /// Removes a property.
    pub fn remove(&mut self, property: Property<'_>) {
        self.splices.remove(property.span());
    }

    /// Removes every property of a name.
    pub fn remove_named(&mut self, component: Component<'_>, name: &str) {
        component.properties_named(name).for_each(|property| self.remove(property));
    }

    /// Adds a component as the last one in another.
    pub fn add_component(&mut self, parent: Component<'_>, component: &NewComponent) {
        self.splices.insert(parent.end_line(), self.printed(|out, newline| component.print(newline, out)));
    }

    /// Removes a component with all that is in it.
    pub fn remove_component(&mut self, component: Component<'_>) {
        self.splices.remove(component.span());
    }

    /// The octets after the changes. Of two changes of the same lines, the first counts.
    pub fn finish(self) -> Bytes {
        self.splices.apply(self.document.octets())
    }

    fn printed(&self, print: impl FnOnce(&mut Vec<u8>, &str)) -> Vec<u8> {
        let mut out = Vec::new();
        print(&mut out, self.newline);
        out
    }
}

impl NewProperty {
    /// A property with a value as it is written, such as a time or a rule. Ends of lines in it are taken out.
    pub fn new(name: &str, value: &str) -> NewProperty {
        NewProperty { head: printable(name), value: printable(value) }
    }

    /// A property with a text for its value.
    pub fn text(name: &str, text: &str) -> NewProperty {
        NewProperty::new(name, &text::escape(text))
    }

    /// A property as it is in a document, to be changed.
    pub fn of(property: Property<'_>) -> NewProperty {
        let head = text::unfold(&property.raw()[..property.value_start() - 1]);
        NewProperty { head: head.into_owned(), value: property.value().into_owned() }
    }

    /// The same with another value, as it is written.
    pub fn with_value(self, value: &str) -> NewProperty {
        NewProperty { value: printable(value), ..self }
    }

    /// The same with a parameter, in the place of one of that name if there is one.
    pub fn with_parameter(mut self, name: &str, value: &str) -> NewProperty {
        let written = format!(";{name}={}", text::encode_parameter(value));
        match text::parameter_span(&self.head, name) {
            Some(span) => self.head.replace_range(span, &written),
            None => self.head.push_str(&written),
        }
        self
    }

    /// The same without a parameter.
    pub fn without_parameter(mut self, name: &str) -> NewProperty {
        if let Some(span) = text::parameter_span(&self.head, name) {
            self.head.replace_range(span, "");
        }
        self
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        self.head.split(';').next().unwrap_or_default()
    }

    /// Whether it is called that, in any case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// The value, as it is written.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The value of a parameter, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut all = text::parameters(Cow::Borrowed(&self.head[self.name().len()..]));
        all.find(|(written, _)| written.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
    }

    pub(crate) fn print(&self, newline: &str, out: &mut Vec<u8>) {
        text::fold(&format!("{}:{}", self.head, self.value), newline, out);
    }
}

impl NewComponent {
    /// An empty component, such as a VEVENT.
    pub fn new(name: &str) -> NewComponent {
        NewComponent { name: printable(name), properties: Vec::new(), components: Vec::new() }
    }

    /// A component as it is in a document, with all that is in it.
    pub fn of(component: Component<'_>) -> NewComponent {
        NewComponent {
            name: printable(component.name()),
            properties: component.properties().map(NewProperty::of).collect(),
            components: component.components().map(NewComponent::of).collect(),
        }
    }

    /// A VCALENDAR made by `product`, such as `-//example.org//calendar//EN`.
    pub fn calendar(product: &str) -> NewComponent {
        let version = NewProperty::new("VERSION", "2.0");
        NewComponent::new("VCALENDAR").with(version).with(NewProperty::text("PRODID", product))
    }

    /// The same with a property more.
    pub fn with(mut self, property: NewProperty) -> NewComponent {
        self.properties.push(property);
        self
    }

    /// The same with a component more in it.
    pub fn with_component(mut self, component: NewComponent) -> NewComponent {
        self.components.push(component);
        self
    }

    /// Its text.
    pub fn to_octets(&self) -> Bytes {
        let mut out = Vec::new();
        self.print("\r\n", &mut out);
        out.into()
    }

    /// About how many octets its text has.
    pub(crate) fn size(&self) -> usize {
        let properties = self.properties.iter().map(|property| property.head.len() + property.value.len() + 3);
        let components = self.components.iter().map(NewComponent::size);
        2 * self.name.len() + properties.chain(components).sum::<usize>()
    }

    fn print(&self, newline: &str, out: &mut Vec<u8>) {
        text::fold(&format!("BEGIN:{}", self.name), newline, out);
        self.properties.iter().for_each(|property| property.print(newline, out));
        self.components.iter().for_each(|component| component.print(newline, out));
        text::fold(&format!("END:{}", self.name), newline, out);
    }
}

/// A value without what would end its line.
fn printable(value: &str) -> String {
    value.chars().filter(|character| !character.is_ascii_control() || *character == '\t').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nX-ODD;a=\"1\";b=2:  kept \nSUMMARY;LANGUAGE=de:Mitt\n ag\nSUMMARY:Two\n\
        BEGIN:VALARM\nTRIGGER:PT0S\nEND:VALARM\nATTENDEE;CN=\"Max\";PARTSTAT=NEEDS-ACTION:mailto:max@example.org\nEND:VEVENT\nEND:VCALENDAR";

    fn patched(edit: impl FnOnce(&mut Patch<'_>, Component<'_>)) -> String {
        let document = Document::parse(Bytes::from_static(EVENT.as_bytes())).unwrap();
        let mut patch = Patch::new(&document);
        edit(&mut patch, document.root().components().next().unwrap());
        String::from_utf8(patch.finish().to_vec()).unwrap()
    }

    #[test]
    fn without_a_change_the_octets_stay() {
        assert_eq!(patched(|_, _| {}), EVENT);
    }

    #[test]
    fn a_property_is_set_added_and_removed() {
        let set = patched(|patch, event| patch.set(event, &NewProperty::text("summary", "A, B\nC")));
        assert_eq!(set, EVENT.replace("SUMMARY;LANGUAGE=de:Mitt\n ag\nSUMMARY:Two\n", "summary:A\\, B\\nC\n"));
        let added = patched(|patch, event| patch.set(event, &NewProperty::new("STATUS", "CONFIRMED\r\nX:1")));
        assert_eq!(added, EVENT.replace("BEGIN:VALARM", "STATUS:CONFIRMEDX:1\nBEGIN:VALARM"));
        let removed = patched(|patch, event| patch.remove_named(event, "Attendee"));
        assert_eq!(removed, EVENT.replace("ATTENDEE;CN=\"Max\";PARTSTAT=NEEDS-ACTION:mailto:max@example.org\n", ""));
    }

    #[test]
    fn a_parameter_is_changed_and_its_neighbours_are_not() {
        let answered = patched(|patch, event| {
            let attendee = event.property("ATTENDEE").unwrap();
            let new = NewProperty::of(attendee).with_parameter("PARTSTAT", "ACCEPTED").with_parameter("X-A", "a;b");
            patch.replace(attendee, &new);
        });
        let expected = "ATTENDEE;CN=\"Max\";PARTSTAT=ACCEPTED;X-A=\"a;b\":mailto:max@example.org";
        assert_eq!(
            answered,
            EVENT.replace("ATTENDEE;CN=\"Max\";PARTSTAT=NEEDS-ACTION:mailto:max@example.org", expected)
        );
        let without =
            NewProperty::new("A", "1").with_parameter("B", "2").with_parameter("C", "3").without_parameter("b");
        assert_eq!((without.name(), without.head.as_str()), ("A", "A;C=3"));
    }

    #[test]
    fn components_come_and_go() {
        let alarm = NewComponent::new("VALARM").with(NewProperty::new("TRIGGER", "-PT5M"));
        let both = patched(|patch, event| {
            patch.remove_component(event.components().next().unwrap());
            patch.add_component(event, &alarm);
        });
        let expected = EVENT.replace("BEGIN:VALARM\nTRIGGER:PT0S\nEND:VALARM\n", "");
        assert_eq!(both, expected.replace("END:VEVENT", "BEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\nEND:VEVENT"));
    }

    #[test]
    fn a_new_calendar_is_one() {
        let event = NewComponent::new("VEVENT")
            .with(NewProperty::new("UID", "1"))
            .with(NewProperty::text("SUMMARY", "é".repeat(80).as_str()));
        let octets = NewComponent::calendar("-//test//").with_component(event).to_octets();
        let document = Document::parse(octets).unwrap();
        let event = document.root().components().next().unwrap();
        assert_eq!(event.property("SUMMARY").unwrap().text(), "é".repeat(80));
    }
}
