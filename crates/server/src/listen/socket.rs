//! A socket that listens: bound here, or handed over by whoever started the process.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::{Address, unix};

/// A socket that listens already, as a supervisor hands it over.
#[derive(Debug)]
pub enum Inherited {
    /// One of the network.
    Tcp(std::net::TcpListener),
    /// A unix socket.
    Unix(std::os::unix::net::UnixListener),
}

/// A socket that listens.
pub(crate) struct Socket {
    listener: Listener,
    /// Where, with the real port.
    pub(crate) address: Address,
    /// Whether its file is ours to remove at the end.
    ours: bool,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection that came in.
pub(crate) enum Accepted {
    /// From the network.
    Tcp(TcpStream, SocketAddr),
    /// From this machine.
    Unix(UnixStream),
}

impl Socket {
    /// Binds one.
    pub(crate) async fn bind(address: &Address, mode: u32) -> io::Result<Self> {
        Ok(match address {
            Address::Tcp(asked) => {
                let listener = TcpListener::bind(asked).await?;
                let address = Address::Tcp(listener.local_addr()?);
                Self { listener: Listener::Tcp(listener), address, ours: false }
            }
            Address::Unix(path) => {
                let listener = Listener::Unix(unix::bind(path, mode)?);
                Self { listener, address: address.clone(), ours: true }
            }
        })
    }

    /// Takes one over.
    pub(crate) fn inherit(inherited: Inherited) -> io::Result<Self> {
        let (listener, address) = match inherited {
            Inherited::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                let address = Address::Tcp(listener.local_addr()?);
                (Listener::Tcp(TcpListener::from_std(listener)?), address)
            }
            Inherited::Unix(listener) => {
                listener.set_nonblocking(true)?;
                let path = listener.local_addr()?.as_pathname().map(PathBuf::from);
                let address = Address::Unix(path.unwrap_or_default());
                (Listener::Unix(UnixListener::from_std(listener)?), address)
            }
        };
        Ok(Self { listener, address, ours: false })
    }

    /// Waits for a connection.
    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        match &self.listener {
            Listener::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok(Accepted::Tcp(stream, peer))
            }
            Listener::Unix(listener) => Ok(Accepted::Unix(listener.accept().await?.0)),
        }
    }

    /// Listens no more.
    pub(crate) fn close(self) {
        drop(self.listener);
        if let (true, Address::Unix(path)) = (self.ours, &self.address)
            && let Err(error) = std::fs::remove_file(path)
        {
            tracing::warn!(%error, "the socket {} could not be removed", path.display());
        }
    }
}
