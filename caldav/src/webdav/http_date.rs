//! Dates as HTTP has them (RFC 9110 section 5.6.7).

/// `Sun, 06 Nov 1994 08:49:37 GMT`
pub fn print(unix_seconds: u64) -> String {
    let rfc3339 = platform::clock::rfc3339(unix_seconds);
    let day = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(unix_seconds / 86_400 % 7) as usize];
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = rfc3339[5..7].parse::<usize>().ok().and_then(|month| months.get(month.wrapping_sub(1)));
    format!("{day}, {} {} {} {} GMT", &rfc3339[8..10], month.unwrap_or(&"Jan"), &rfc3339[..4], &rfc3339[11..19])
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_example_of_the_rfc() {
        assert_eq!(super::print(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
