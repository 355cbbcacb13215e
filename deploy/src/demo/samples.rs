//! What the demo's repository holds at first.
//!
//! The name server's address is a loopback address, so that no NOTIFY leaves the machine.

/// The zone that the demo is told with.
pub const EXAMPLE_COM: &str = "\
; example.com: edit me, commit, push
$ORIGIN example.com.
$TTL 1h

@       IN SOA  ns1 hostmaster (
                1        ; serial: advanced by the server when you forget
                1d       ; refresh
                2h       ; retry
                4w       ; expire
                5m )     ; negative answers
        IN NS   ns1
        IN MX   10 mail
        IN TXT  \"v=spf1 mx -all\"

ns1     IN A    127.0.0.1
mail    IN A    192.0.2.25

www     IN A    192.0.2.80
        IN AAAA 2001:db8::80
blog    IN CNAME www
*.apps  IN A    192.0.2.99
";

/// Its reverse zone.
pub const REVERSE: &str = "\
$ORIGIN 2.0.192.in-addr.arpa.
$TTL 1h
@       IN SOA  ns1.example.com. hostmaster.example.com. 1 1d 2h 4w 5m
        IN NS   ns1.example.com.
25      IN PTR  mail.example.com.
80      IN PTR  www.example.com.
";

/// The name of the zone that the demo is told with.
pub const ZONE: &str = "example.com";
/// The name of its reverse zone.
pub const REVERSE_ZONE: &str = "2.0.192.in-addr.arpa";
/// The key that may change the zone.
pub const UPDATE_KEY: &str = "laptop._update.example.com";
/// The key that may transfer it.
pub const TRANSFER_KEY: &str = "secondary._transfer.example.com";
/// The key that may say that something was pushed.
pub const NOTIFY_KEY: &str = "hook._notify";
