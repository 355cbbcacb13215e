//! `gitstead demo --check`, the calendar: what a client stores is a commit, and what is pushed is what a client finds.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::repository::{git, git_with};
use super::scene::Scene;
use super::{Error, calendars};

const PATIENCE: Duration = Duration::from_secs(20);
const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//gitstead//demo//EN\r\nBEGIN:VEVENT\r\nUID:check\r\n\
    DTSTAMP:20260101T000000Z\r\nDTSTART:20260301T120000Z\r\nDTEND:20260301T130000Z\r\nSUMMARY:Checked\r\n\
    END:VEVENT\r\nEND:VCALENDAR\r\n";

/// Stores an event, sees the commit; pushes a change of it, sees what is served.
pub async fn run(scene: &Scene, ssh: Option<&str>) -> Result<(), Error> {
    let path = format!("/calendars/{}/work/check.ics", calendars::USER);
    let client = Client::find(scene).await;
    client.request("PUT", &path, EVENT).await?;
    println!("ok: {} stored an event", client.name());
    let folder = scene.folder();
    let from = if ssh.is_some() { scene.calendars_url() } else { calendars::REPOSITORY.to_owned() };
    git_with(folder, &["clone", "--quiet", &from, "calendars-demo"], ssh).await?;
    let work = folder.join("calendars-demo");
    let log = git(&work, &["log", "--format=%an: %s", "--max-count=1"]).await?;
    expect("the event is a commit", log == "Alice: alice: add \"Checked\"", &log)?;
    edit(&work.join(path.trim_start_matches('/')))?;
    git(&work, &["commit", "--quiet", "--all", "--message", "an hour later"]).await?;
    git_with(&work, &["push", "--quiet"], ssh).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let event = client.request("GET", &path, "").await?;
        if event.contains("DTSTART:20260301T130000Z") {
            break;
        }
        expect("what was pushed is in the calendar", Instant::now() < deadline, &event)?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("ok: an event that was edited and pushed is in the calendar");
    let page = client.request("GET", "/", "").await?;
    expect("the web calendar is there", page.contains("<script"), &page)?;
    println!("ok: the web calendar is at http://{}/", scene.web());
    Ok(())
}

fn edit(file: &Path) -> Result<(), Error> {
    let text = std::fs::read_to_string(file).map_err(Error::Files)?;
    std::fs::write(file, text.replace("T130000Z", "T140000Z").replace("T120000Z", "T130000Z")).map_err(Error::Files)
}

fn expect(step: &'static str, is_so: bool, reason: &str) -> Result<(), Error> {
    if is_so { Ok(()) } else { Err(Error::Check { step, reason: reason.to_owned() }) }
}

/// curl where there is one, else a few lines over a socket.
struct Client<'a> {
    scene: &'a Scene,
    has_curl: bool,
}

impl Client<'_> {
    async fn find(scene: &Scene) -> Client<'_> {
        let asked = Command::new("curl").arg("--version").stdout(Stdio::null()).status().await;
        Client { scene, has_curl: asked.is_ok_and(|status| status.success()) }
    }

    fn name(&self) -> &'static str {
        if self.has_curl { "curl" } else { "a client of a few lines (there is no curl here)" }
    }

    async fn request(&self, method: &str, path: &str, body: &str) -> Result<String, Error> {
        let answered =
            if self.has_curl { self.by_curl(method, path, body).await } else { self.by_hand(method, path, body).await };
        answered.map_err(|reason| Error::Check { step: "the calendar answers", reason })
    }

    async fn by_curl(&self, method: &str, path: &str, body: &str) -> Result<String, String> {
        let (user, url) =
            (format!("{}:{}", calendars::USER, self.scene.password()), format!("http://{}{path}", self.scene.web()));
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail-with-body", "--user", &user, "--request", method, &url]);
        if !body.is_empty() {
            command.args(["--header", "Content-Type: text/calendar", "--data-binary", body]);
        }
        let output = command.stdin(Stdio::null()).output().await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.success() {
            true => Ok(text),
            false => Err(format!("{}{text}", String::from_utf8_lossy(&output.stderr))),
        }
    }

    async fn by_hand(&self, method: &str, path: &str, body: &str) -> Result<String, String> {
        use base64::Engine;
        let login = format!("{}:{}", calendars::USER, self.scene.password());
        let login = base64::engine::general_purpose::STANDARD.encode(login);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {login}\r\nConnection: close\r\n\
             Content-Type: text/calendar\r\nContent-Length: {}\r\n\r\n{body}",
            self.scene.web(),
            body.len()
        );
        let exchange = async {
            let mut stream = TcpStream::connect(self.scene.web()).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            Ok::<Vec<u8>, std::io::Error>(answer)
        };
        let answer = exchange.await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        if head.starts_with("HTTP/1.1 2") { Ok(body.to_owned()) } else { Err(text) }
    }
}
