//! What a server says of itself in class CH (RFC 4892): nothing, unless its operator wants it to.

use super::Options;
use super::resolve::Resolution;
use crate::message::Rcode;
use crate::record_type::RecordType;

/// Answers `version.bind` and `id.server` and their synonyms.
pub fn answer(resolution: &mut Resolution<'_, '_>, options: &Options) {
    let name = resolution.query().name;
    let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
    let text = if is(b"\x07version\x04bind\0") || is(b"\x07version\x06server\0") {
        options.version.as_deref()
    } else if is(b"\x08hostname\x04bind\0") || is(b"\x02id\x06server\0") {
        options.identity.as_deref()
    } else {
        None
    };
    let Some(text) = text else {
        resolution.rcode = Rcode::REFUSED;
        return;
    };
    resolution.authoritative = true;
    if matches!(resolution.query().rtype, RecordType::TXT | RecordType::ANY) {
        write(resolution, &text[..text.len().min(255)]);
    }
}

fn write(resolution: &mut Resolution<'_, '_>, text: &[u8]) {
    let mut rdata = [0; 256];
    rdata[0] = text.len() as u8;
    rdata[1..1 + text.len()].copy_from_slice(text);
    let rdata = &rdata[..1 + text.len()];
    let written = resolution.composer.chaos(RecordType::TXT, rdata);
    if written.is_err() {
        resolution.truncate();
    }
}
