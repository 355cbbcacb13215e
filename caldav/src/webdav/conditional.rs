//! Conditions in header fields: `If-Match` and `If-None-Match` (RFC 9110 section 13), `If` (RFC 4918 section 10.4) and
//! `If-Schedule-Tag-Match` (RFC 6638 section 8.3).

use crate::error::Error;
use crate::request::Request;

/// What is at a path, as conditions see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Its entity tag with quotes; none if nothing is there.
    pub etag: Option<String>,
    /// Its schedule tag, if it has one.
    pub schedule_tag: Option<String>,
}

/// Checks `If-Match`, `If-None-Match` and `If-Schedule-Tag-Match` of a request that would change what is at its path.
pub fn check(request: &Request, state: &State) -> Result<(), Error> {
    let failed = |what: &str| Err(Error::PreconditionFailed(what.to_owned()));
    if let Some(wanted) = request.header("if-schedule-tag-match") {
        let tag = state.schedule_tag.as_deref();
        if tag.is_none_or(|tag| tag != wanted.trim()) {
            return failed("it was changed by somebody else meanwhile: the schedule tag is another one");
        }
        // RFC 6638 section 3.2.10: it stands for If-Match, whose tag a reply of an attendee may have changed.
        return Ok(());
    }
    match request.header("if-match").map(|value| matches(value, state.etag.as_deref(), false)) {
        Some(false) if state.etag.is_none() => return failed("it is not there any more"),
        Some(false) => return failed("it was changed by somebody else meanwhile: the entity tag is another one"),
        _ => {}
    }
    match request.header("if-none-match").map(|value| matches(value, state.etag.as_deref(), true)) {
        Some(true) => failed("it is there already"),
        _ => Ok(()),
    }
}

/// Whether a reader has the present version already.
pub fn is_not_modified(request: &Request, etag: &str) -> bool {
    request.header("if-none-match").is_some_and(|value| matches(value, Some(etag), true))
}

/// Whether a list of entity tags has this one. The weak comparison overlooks `W/` (RFC 9110 section 8.8.3.2).
fn matches(list: &str, etag: Option<&str>, weak: bool) -> bool {
    let Some(etag) = etag else { return false };
    list.split(',').map(str::trim).any(|candidate| {
        let plain = if weak { candidate.strip_prefix("W/").unwrap_or(candidate) } else { candidate };
        candidate == "*"
            || plain == etag
            || plain.trim_matches('"') == etag.trim_matches('"') && !plain.starts_with("W/")
    })
}

/// An `If` header, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct If(Vec<List>);

/// Conditions that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
struct List {
    /// The resource they are about, if it is named.
    resource: Option<String>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    negated: bool,
    what: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Token(String),
    Etag(String),
}

impl If {
    /// Reads the header of a request; without one there are no conditions.
    pub fn of(request: &Request) -> Result<If, Error> {
        let Some(text) = request.header("if") else { return Ok(If::default()) };
        parse(text).ok_or_else(|| Error::BadRequest(format!("the If header cannot be read: {text}")))
    }

    /// All state tokens that were submitted.
    pub fn tokens(&self) -> Vec<&str> {
        let conditions = self.0.iter().flat_map(|list| &list.conditions);
        let tokens = conditions.filter_map(|condition| match &condition.what {
            Wanted::Token(token) if !condition.negated => Some(token.as_str()),
            _ => None,
        });
        tokens.collect()
    }

    /// Whether one of the lists holds. `etag` and `has_token` tell about the resource at a path; without a path it is
    /// the request's own.
    pub fn holds(
        &self,
        etag: impl Fn(Option<&str>) -> Option<String>,
        has_token: impl Fn(Option<&str>, &str) -> bool,
    ) -> bool {
        let holds = |list: &List, condition: &Condition| {
            let resource = list.resource.as_deref();
            let is_so = match &condition.what {
                Wanted::Token(token) => has_token(resource, token),
                Wanted::Etag(wanted) => {
                    let plain = |tag: &str| tag.trim_start_matches("W/").to_owned();
                    etag(resource).is_some_and(|etag| plain(&etag) == plain(wanted))
                }
            };
            is_so != condition.negated
        };
        self.0.is_empty() || self.0.iter().any(|list| list.conditions.iter().all(|condition| holds(list, condition)))
    }
}

fn parse(text: &str) -> Option<If> {
    let (mut rest, mut resource, mut lists) = (text.trim_start(), None, Vec::new());
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('<') {
            let (url, after) = inner.split_once('>')?;
            resource = Some(url.to_owned());
            rest = after.trim_start();
            continue;
        }
        let (conditions, after) = parse_list(rest.strip_prefix('(')?)?;
        lists.push(List { resource: resource.clone(), conditions });
        rest = after.trim_start();
    }
    (!lists.is_empty()).then_some(If(lists))
}

fn parse_list(text: &str) -> Option<(Vec<Condition>, &str)> {
    let (mut rest, mut conditions) = (text.trim_start(), Vec::new());
    loop {
        if let Some(after) = rest.strip_prefix(')') {
            return (!conditions.is_empty()).then_some((conditions, after));
        }
        let word = rest.get(..3).filter(|word| word.eq_ignore_ascii_case("not"));
        let negated = word.is_some();
        rest = if negated { rest[3..].trim_start() } else { rest };
        let what = if let Some(inner) = rest.strip_prefix('<') {
            let (token, after) = inner.split_once('>')?;
            rest = after;
            Wanted::Token(token.to_owned())
        } else {
            let (etag, after) = rest.strip_prefix('[')?.split_once(']')?;
            rest = after;
            Wanted::Etag(etag.to_owned())
        };
        conditions.push(Condition { negated, what });
        rest = rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_tags() {
        assert!(matches("\"a\", \"b\"", Some("\"b\""), false));
        assert!(matches("*", Some("\"b\""), false) && !matches("*", None, false));
        assert!(!matches("W/\"b\"", Some("\"b\""), false) && matches("W/\"b\"", Some("\"b\""), true));
        assert!(matches("b", Some("\"b\""), false), "without quotes, as some clients send it");
    }

    #[test]
    fn lists_of_conditions() {
        let header = parse("(<urn:a> [\"x\"]) (Not <urn:b>)").unwrap();
        assert_eq!(header.tokens(), ["urn:a"]);
        let holds = |etag: &str, token: &str| {
            header.holds(|_| Some(etag.to_owned()), |resource, wanted| resource.is_none() && wanted == token)
        };
        assert!(holds("\"x\"", "urn:a") && holds("\"y\"", "urn:a") && !holds("\"y\"", "urn:b"));
        let tagged = parse("</r> (<urn:a>)").unwrap();
        assert!(tagged.holds(|_| None, |resource, _| resource == Some("/r")));
        for bad in ["", "()", "(<a>", "<r>", "(x)", "(Not)"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
