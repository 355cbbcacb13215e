//! What a CA's error means for us: whose fault it is, and in which words the requester is told.

use std::time::{Duration, SystemTime};

use instant_acme::{Error, Problem};

use crate::certifier::{Failure, Fault};

/// What an error of the ACME exchange means. `asked_to_wait` is what the CA's last refusal said in `Retry-After`.
pub fn failure(doing: &str, error: &Error, asked_to_wait: Option<Duration>) -> Failure {
    let words = format!("{doing}: {}", describe(error));
    let fault = match error {
        Error::Api(problem) => fault(problem),
        _ => Fault::Trouble,
    };
    let retry_after = asked_to_wait.map(|wait| wait.as_secs());
    Failure { words, fault, retry_after }
}

/// What a problem document says (RFC 7807, RFC 8555 section 6.7).
pub fn describe_problem(problem: &Problem) -> String {
    let mut words = problem.detail.clone().unwrap_or_else(|| kind(problem).to_owned());
    for part in &problem.subproblems {
        let detail = part.detail.as_deref().unwrap_or("refused");
        words += &match &part.identifier {
            Some(identifier) => format!("; {}: {detail}", identifier.authorized(false)),
            None => format!("; {detail}"),
        };
    }
    format!("the CA says {words:?} ({})", kind(problem))
}

/// Whether the CA knows our account no more.
pub fn is_about_the_account(error: &Error) -> bool {
    matches!(error, Error::Api(problem) if matches!(kind(problem), "accountDoesNotExist" | "unauthorized"))
}

/// Whether the CA did not like the nonce; nothing else is known of the request then.
pub fn is_about_the_nonce(error: &Error) -> bool {
    matches!(error, Error::Api(problem) if kind(problem) == "badNonce")
}

/// Whether a certificate was named as replaced that is replaced already (RFC 9773 section 5).
pub fn is_about_what_is_replaced(error: &Error) -> bool {
    matches!(error, Error::Api(problem) if kind(problem) == "alreadyReplaced" || problem.status == Some(409))
}

fn describe(error: &Error) -> String {
    match error {
        Error::Api(problem) => describe_problem(problem),
        Error::Timeout(_) => "the CA has not come to an end in time".to_owned(),
        Error::Json(_) => "the CA sends what cannot be understood".to_owned(),
        error => error.to_string(),
    }
}

/// The last part of the problem's type.
fn kind(problem: &Problem) -> &str {
    problem.r#type.as_deref().and_then(|kind| kind.rsplit(':').next()).unwrap_or("no type")
}

fn fault(problem: &Problem) -> Fault {
    match (kind(problem), problem.status) {
        (_, Some(503)) => Fault::Overload,
        ("serverInternal" | "badNonce" | "connection" | "dns" | "accountDoesNotExist", _) => Fault::Trouble,
        (_, Some(500..=599)) => Fault::Trouble,
        _ => Fault::Refused,
    }
}

/// The value of `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let format = &time::format_description::well_known::Rfc2822;
            // RFC 2822 writes the zone as a number or as GMT.
            let at = SystemTime::from(time::OffsetDateTime::parse(value, format).ok()?);
            Some(at.duration_since(now).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800);
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 12:01:00 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }

    fn problem(kind: &str, status: u16) -> Error {
        Error::Api(Problem {
            r#type: Some(format!("urn:ietf:params:acme:error:{kind}")),
            detail: Some("no".to_owned()),
            status: Some(status),
            subproblems: vec![],
        })
    }

    #[test]
    fn whose_fault_it_is() {
        for (kind, status, fault) in [
            ("rejectedIdentifier", 403, Fault::Refused),
            ("rateLimited", 429, Fault::Refused),
            ("rateLimited", 503, Fault::Overload),
            ("serverInternal", 500, Fault::Trouble),
            ("caa", 403, Fault::Refused),
        ] {
            let failure = failure("the order", &problem(kind, status), Some(Duration::from_secs(9)));
            assert_eq!((failure.fault, failure.retry_after), (fault, Some(9)), "{kind} {status}");
            assert_eq!(failure.words, format!("the order: the CA says \"no\" ({kind})"));
        }
    }
}
