//! The same servers on tokio, on one thread.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

pub(crate) fn serve_tcp(buffer: usize) {
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("listening on {}", listener.local_addr().expect("it has one"));
        loop {
            let (connection, _) = listener.accept().await.expect("descriptors");
            tokio::spawn(echo(connection, buffer));
        }
    });
}

async fn echo(mut connection: TcpStream, buffer: usize) {
    connection.set_nodelay(true).expect("a socket");
    let mut data = vec![0; buffer];
    while let Ok(length @ 1..) = connection.read(&mut data).await {
        if connection.write_all(&data[..length]).await.is_err() {
            return;
        }
    }
}

pub(crate) fn serve_udp(buffer: usize) {
    runtime().block_on(async {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        println!("listening on {}", socket.local_addr().expect("it has one"));
        let mut data = vec![0; buffer];
        while let Ok((length, from)) = socket.recv_from(&mut data).await {
            let _ = socket.send_to(&data[..length], from).await;
        }
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime")
}
