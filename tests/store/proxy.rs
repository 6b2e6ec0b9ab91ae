//! A wire to PostgreSQL that can be cut or fall silent.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the wire does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// It carries everything.
    Whole,
    /// It carries nothing, and stays open.
    Silent,
    /// What the server says is swallowed; what it is told arrives.
    Deaf,
    /// Connections are reset, and new ones too.
    Cut,
}

/// The near end of the wire.
pub struct Proxy {
    near: SocketAddr,
    wire: watch::Sender<Wire>,
}

impl Proxy {
    /// Leads to this server.
    pub async fn to(far: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = listener.local_addr().unwrap();
        let (wire, state) = watch::channel(Wire::Whole);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *state.borrow() == Wire::Cut {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&far).await else { continue };
                let ((client_in, client_out), (server_in, server_out)) =
                    (client.into_split(), server.into_split());
                let (there, back) = (state.clone(), state.clone());
                tokio::spawn(carry(client_in, server_out, there, &[Wire::Whole, Wire::Deaf]));
                tokio::spawn(carry(server_in, client_out, back, &[Wire::Whole]));
            }
        });
        Self { near, wire }
    }

    /// Where it begins.
    pub fn near(&self) -> SocketAddr {
        self.near
    }

    /// From now on it does this.
    pub fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut state: watch::Receiver<Wire>,
    carries: &[Wire],
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let n = tokio::select! {
            _ = state.wait_for(|wire| *wire == Wire::Cut) => return,
            read = from.read(&mut buffer) => match read {
                Ok(n) if n > 0 => n,
                _ => return,
            },
        };
        // What was on the way when the wire fell silent arrives when it works again.
        match state.wait_for(|wire| *wire == Wire::Cut || carries.contains(wire)).await.map(|w| *w)
        {
            Ok(Wire::Cut) | Err(_) => return,
            Ok(_) => {}
        }
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}
