//! A TLS server that gets its certificate through DNS and renews it: `tls_server HOST SERVER:PORT KEY LISTEN`.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use letsencrypt::client::{PrivateKey, Provisioned, Wanted};
use platform::Net;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, host, server, tsig, listen] = arguments.as_slice() else {
        return Err("usage: tls_server HOST SERVER:PORT NAME:ALGORITHM:SECRET ADDRESS:PORT".into());
    };
    let (net, host) = (Net::host(), host.parse::<dns::Name>()?);
    let wanted = Wanted {
        key: PrivateKey::from_seed(tsig, &host),
        names: vec![host],
        server: server.parse()?,
        tsig: tsig.parse()?,
        patience: Duration::from_secs(60),
    };
    let provisioned = Provisioned::start(net.clone(), wanted).await?;
    let acceptor = TlsAcceptor::from(Arc::new(provisioned.server_config()));
    let listener = net.tcp_listen(listen.parse::<SocketAddr>()?).await?;
    loop {
        let (stream, acceptor) = (listener.accept().await?, acceptor.clone());
        tokio::spawn(async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n").await;
                let _ = stream.shutdown().await;
            }
        });
    }
}
