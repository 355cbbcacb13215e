//! The body of a request: read within limits, or got rid of where the reply does not depend on it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use super::Service;
use crate::error::Error;
use crate::method::plain;
use crate::request::Response;

/// How long a client may say nothing in the middle of a body.
const SILENCE: Duration = Duration::from_secs(30);
/// How much of a body that nobody wants is read, and how long that may take.
const UNWANTED: usize = 64 << 10;
const UNWANTED_TIME: Duration = Duration::from_secs(5);

/// The whole body, if it is not too long, comes without too much silence, and there is room for it.
pub async fn read(service: &Service, headers: &HeaderMap, body: &mut Incoming) -> Result<Bytes, Response> {
    let most = service.settings.max_resource_size.max(1 << 20) + (64 << 10);
    let too_large = || Error::TooLarge(format!("the body is longer than {most} octets")).response();
    if length(headers).is_some_and(|said| said > most) {
        return Err(too_large());
    }
    let mut whole = BytesMut::new();
    loop {
        let frame = match tokio::time::timeout(SILENCE, body.frame()).await {
            Err(_) => return Err(plain(StatusCode::REQUEST_TIMEOUT)),
            // The client is gone; nobody reads the reply, and nothing was done.
            Ok(Some(Err(_))) => return Err(plain(StatusCode::BAD_REQUEST)),
            Ok(None) => return Ok(whole.freeze()),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > most {
            return Err(too_large());
        }
        if platform::memory::is_scarce() {
            return Err(Error::RemoteDown("too little memory is left".to_owned()).response());
        }
        whole.extend_from_slice(&data);
    }
}

/// Whether a body may be read although nobody wants it. Who waits to be asked for it is not asked (RFC 9110 section
/// 10.1.1).
pub fn is_short(headers: &HeaderMap) -> bool {
    length(headers).is_none_or(|said| said <= UNWANTED) && !headers.contains_key("expect")
}

/// Gets rid of what is left of a body. Clients send their first request without a password, and the next one on the
/// same connection: what is short is read, so that they can; otherwise they are told that the connection ends (RFC 9112
/// section 9.3).
pub async fn discard(is_short: bool, body: &mut Incoming, response: &mut Response) {
    let is_done = body.is_end_stream() || is_short && is_read(body).await;
    if !is_done {
        response.headers_mut().insert("connection", HeaderValue::from_static("close"));
    }
}

async fn is_read(body: &mut Incoming) -> bool {
    let all = async {
        let mut left = UNWANTED;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            let count = frame.data_ref().map_or(0, Bytes::len);
            if count > left {
                return false;
            }
            left -= count;
        }
        true
    };
    tokio::time::timeout(UNWANTED_TIME, all).await.unwrap_or(false)
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get("content-length").and_then(|value| value.to_str().ok()?.parse().ok())
}
