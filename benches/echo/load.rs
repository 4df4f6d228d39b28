//! Clients, each of which sends, waits for the answer, and sends again.

use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::rc::Rc;
use std::time::Duration;

use coro::{Detached, FireAndForget};

use crate::io_queue::{Connection, IoBuf, IoQueue, Options, send_all};

/// So many clients with messages of so many bytes.
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) size: usize,
    pub(crate) datagrams: bool,
}

#[derive(Clone, Default)]
struct Trips(Rc<Cell<u64>>);

impl Load {
    /// Lets them run. `watch` begins to measure when they are at full speed, and what it returns ends that; the round trips
    /// in between, and what was measured.
    pub(crate) fn run<T, End: FnOnce() -> T>(
        &self,
        server: SocketAddr,
        time: Duration,
        watch: impl FnOnce() -> End + Clone,
    ) -> (f64, T)
    where
        T: 'static,
    {
        let io = IoQueue::new(Options { backend: None, buffer: 16 * 1024 }).expect("a queue");
        let trips = Trips::default();
        for _ in 0..self.connections {
            let connection = if self.datagrams {
                let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
                socket.connect(server).expect("a socket");
                io.adopt(socket).expect("a socket")
            } else {
                let stream = TcpStream::connect(server).expect("it listens");
                stream.set_nodelay(true).expect("a socket");
                io.adopt(stream).expect("a socket")
            };
            talk(io.clone(), connection, vec![7; self.size].into(), trips.clone());
        }
        run_for(&io, time / 3);
        let (before, end) = (trips.0.get(), watch());
        let between = trips.0.get();
        assert_eq!(before, between, "only the queue runs them");
        run_for(&io, time);
        let (trips, measured) = (trips.0.get() - before, end());
        io.shut_down().expect("the queue works");
        #[expect(clippy::cast_precision_loss, reason = "not that many")]
        (trips as f64, measured)
    }
}

#[coro::coroutine(initial = suspend_never, final = suspend_never)]
fn talk(io: IoQueue, connection: Connection, message: IoBuf, trips: Trips) -> FireAndForget {
    loop {
        send_all::<Detached>(&io, &connection, &message).await.expect("it is read");
        let mut received = 0;
        while received < message.len() {
            let data = io.recv(&connection).await.expect("it comes back");
            assert!(!data.is_empty(), "the server stays");
            received += data.len();
        }
        trips.0.set(trips.0.get() + 1);
    }
}

/// Lets the coroutines run for a while; they go on the next time.
fn run_for(io: &IoQueue, time: Duration) {
    #[coro::coroutine]
    fn nap(io: &IoQueue, time: Duration) -> coro::Task<'_, (), coro::Polled> {
        io.sleep(time).await.expect("nobody stops it");
    }
    io.block_on(nap(io, time)).expect("the queue works");
}

/// Clients that have had one answer, and say no more.
pub(crate) fn idle(server: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut clients: Vec<TcpStream> = (0..count).map(|_| TcpStream::connect(server).expect("it listens")).collect();
    for client in &mut clients {
        client.write_all(b"hello").expect("it is read");
        client.read_exact(&mut [0; 5]).expect("it comes back");
    }
    clients
}
