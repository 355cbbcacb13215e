//! Metrics: a registry that a service fills, served to Prometheus and pushed as Influx line protocol.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::Net;

/// How often metrics are pushed, as MirageOS does.
const PUSH_INTERVAL: Duration = Duration::from_secs(10);
/// How long a scraper may take for its request.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// The registry of a service; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Mutex<Registry>>);

impl Metrics {
    /// Lets a service register its counters and gauges.
    pub fn register(&self, fill: impl FnOnce(&mut Registry)) {
        fill(&mut self.0.lock().expect("no holder of the registry panics"));
    }

    /// All metrics in the text format of OpenMetrics.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        let registry = self.0.lock().expect("no holder of the registry panics");
        text::encode(&mut text, &registry).expect("writing into a string does not fail");
        text
    }

    /// Answers every HTTP request on `address` with all metrics.
    pub async fn serve(self, net: Net, address: SocketAddr) -> std::io::Result<()> {
        let listener = net.tcp_listen(address).await?;
        loop {
            let Ok(mut stream) = listener.accept().await else {
                // Out of file descriptors, most likely, which takes a moment to pass.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let metrics = self.clone();
            tokio::spawn(async move {
                let mut request = [0; 2048];
                // Whatever is asked for, here is but one thing; the request's first octets show that somebody asks.
                let asked = tokio::time::timeout(REQUEST_TIME, stream.read(&mut request)).await;
                if matches!(asked, Ok(Ok(1..))) {
                    let _ = stream.write_all(http_response(&metrics.encode()).as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    }

    /// Pushes all metrics to `server` every ten seconds, for ever; connects again when the connection is lost.
    pub async fn push(self, net: Net, server: SocketAddr, name: String) {
        loop {
            if let Ok(mut stream) = net.tcp_connect(server).await {
                while stream.write_all(influx(&self.encode(), &name).as_bytes()).await.is_ok() {
                    tokio::time::sleep(PUSH_INTERVAL).await;
                }
            }
            tokio::time::sleep(PUSH_INTERVAL).await;
        }
    }
}

fn http_response(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Turns `name{label="x"} 3` into `name,vm=NAME,label=x value=3`; the server adds the time.
fn influx(open_metrics: &str, name: &str) -> String {
    let mut lines = String::new();
    for line in open_metrics.lines().filter(|line| !line.starts_with('#')) {
        let Some((series, value)) = line.rsplit_once(' ') else { continue };
        let (metric, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels = labels.trim_end_matches('}').replace('"', "").replace(' ', "\\ ");
        let separator = if labels.is_empty() { "" } else { "," };
        lines.push_str(&format!("{metric},vm={}{separator}{labels} value={value}\n", name.replace(' ', "\\ ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::metrics::counter::Counter;

    #[test]
    fn both_formats() {
        let metrics = Metrics::default();
        let pulls = Counter::<u64>::default();
        metrics.register(|registry| registry.register("pulls", "pulls from the remote", pulls.clone()));
        pulls.inc();
        assert!(metrics.encode().contains("pulls_total 1\n"));
        assert_eq!(influx(&metrics.encode(), "ns 1"), "pulls_total,vm=ns\\ 1 value=1\n");
        assert_eq!(influx("q{code=\"A\",t=\"b\"} 2", "x"), "q,vm=x,code=A,t=b value=2\n");
    }
}
