//! Subscriptions: a calendar that lies elsewhere as one .ics file, and is read here like any other.

use crate::error::Error;
use crate::webdav::names::DAV;

/// Whether an address can be subscribed to.
pub fn check(source: &str) -> Result<(), Error> {
    let scheme = source.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https" | "webcal") if source.len() <= 2048 => Ok(()),
        _ => {
            let reason = format!("{source} is no address of a calendar: it begins with https://, http:// or webcal://");
            Err(Error::conflict((DAV, "valid-property-value"), reason))
        }
    }
}

/// Fetches what is subscribed to, again and again.
pub async fn keep_up(_service: std::sync::Arc<crate::service::Service>) {}
