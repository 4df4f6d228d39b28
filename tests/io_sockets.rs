//! The completion queue of the examples: what its operations do to sockets, on both backends.
#![cfg(target_os = "linux")]
#![deny(unsafe_code)]

#[allow(unsafe_code)]
#[macro_use]
mod io_support;

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Ipv6Addr, Shutdown, TcpListener, UdpSocket};
use std::os::unix::net::UnixStream;
use std::thread;

use coro::{Polled, Task};
use io_support::io_queue::{
    BackendKind, Connection, Datagram, DatagramSocket, IoBuf, IoQueue, Listener, Operation, Options, Sleep, send_all,
};
use io_support::{BUFFER, one_at_a_time, open_files, pair, pattern};
use rustix::net::sockopt::set_socket_send_buffer_size;

#[coro::coroutine]
fn accept<'a>(io: &'a IoQueue, listener: &'a Listener) -> Task<'a, io::Result<Connection>, Polled> {
    io.accept(listener).await
}

#[coro::coroutine]
fn connect(io: &IoQueue, address: std::net::SocketAddr) -> Task<'_, io::Result<Connection>, Polled> {
    io.connect(address).await
}

#[coro::coroutine]
fn receive<'a>(io: &'a IoQueue, connection: &'a Connection) -> Task<'a, io::Result<IoBuf>, Polled> {
    io.recv(connection).await
}

#[coro::coroutine]
fn send<'a>(io: &'a IoQueue, connection: &'a Connection, data: IoBuf) -> Task<'a, io::Result<usize>, Polled> {
    io.send(connection, data).await
}

#[coro::coroutine]
fn receive_from<'a>(io: &'a IoQueue, socket: &'a DatagramSocket) -> Task<'a, io::Result<Datagram>, Polled> {
    io.recv_from(socket).await
}

#[coro::coroutine]
fn send_to<'a>(
    io: &'a IoQueue,
    socket: &'a DatagramSocket,
    data: IoBuf,
    to: std::net::SocketAddr,
) -> Task<'a, io::Result<usize>, Polled> {
    io.send_to(socket, data, to).await
}

#[coro::coroutine]
fn close(io: &IoQueue, connection: Connection) -> Task<'_, io::Result<()>, Polled> {
    io.close(connection).await
}

on_both_backends! {
    fn both_ends_of_a_connection_can_be_ours(io: &IoQueue) {
        for host in ["127.0.0.1:0", "[::1]:0"] {
            let listener = match io.listen(host) {
                Ok(listener) => listener,
                Err(error) if error.kind() == ErrorKind::AddrNotAvailable => continue,
                Err(error) => panic!("{error}"),
            };
            let address = listener.local_addr().expect("it has one");
            let ends = async { futures::join!(accept(io, &listener), connect(io, address)) };
            let (server, client) = io.block_on(ends).expect("the queue works");
            let (server, client) = (server.expect("accepted"), client.expect("connected"));
            client.set_nodelay(true).expect("TCP");
            io.block_on(async { send(io, &client, pattern(10).into()).await }).expect("works").expect("sent");
            assert_eq!(**io.block_on(receive(io, &server)).expect("works").as_ref().expect("received"), pattern(10));
            client.shutdown(Shutdown::Write).expect("open");
            assert!(io.block_on(receive(io, &server)).expect("works").expect("the end").is_empty());
        }
    }

    fn connecting_to_nobody_is_refused(io: &IoQueue) {
        let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it has one");
        for _ in 0..3 {
            let refused = io.block_on(connect(io, nobody)).expect("the queue works").map(|_| ());
            assert_eq!(refused.expect_err("nobody listens").kind(), ErrorKind::ConnectionRefused);
        }
    }

    fn much_is_sent_in_pieces(io: &IoQueue) {
        let data = pattern(1 << 20);
        let (ours, mut theirs) = UnixStream::pair().expect("a pair of sockets");
        set_socket_send_buffer_size(&ours, 4096).expect("a socket");
        let connection = io.adopt(ours).expect("a socket");
        let reading = thread::spawn(move || {
            let mut read = Vec::new();
            theirs.read_to_end(&mut read).expect("the queue sends");
            read
        });
        let buffer = IoBuf::from(data.clone());
        let once = io.block_on(send(io, &connection, buffer.clone())).expect("works").expect("sent");
        assert!(once < data.len(), "the socket takes it in pieces");
        let rest = buffer.slice(once..);
        io.block_on(send_all::<Polled>(io, &connection, &rest)).expect("works").expect("sent");
        drop(connection);
        assert!(reading.join().expect("read") == data);
    }

    fn a_receive_gives_no_more_than_a_buffer(io: &IoQueue) {
        let (connection, mut theirs) = pair(io);
        theirs.write_all(&pattern(2 * BUFFER + 1)).expect("there is room");
        let sizes = [BUFFER, BUFFER, 1].map(|_| io.block_on(receive(io, &connection)).expect("works").expect("there").len());
        assert_eq!(sizes, [BUFFER, BUFFER, 1]);
    }

    fn buffers_are_used_again_and_as_many_as_are_held(io: &IoQueue) {
        let (connection, mut theirs) = pair(io);
        let mut held = Vec::new();
        // More than the kernel is given at once.
        for round in 0..3000_usize {
            let byte = u8::try_from(round % 251).expect("small");
            theirs.write_all(&[byte; 10]).expect("there is room");
            let data = io.block_on(receive(io, &connection)).expect("works").expect("there");
            assert_eq!(*data, [byte; 10]);
            if round < 2000 {
                held.push((byte, data));
            }
        }
        assert!(held.iter().all(|(byte, data)| **data == [*byte; 10]), "what is held stays as it is");
    }

    fn datagrams_are_whole_or_say_so(io: &IoQueue) {
        let socket = io.bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("it has one");
        let peer = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let peer_address = peer.local_addr().expect("it has one");
        for size in [0, 1, BUFFER, BUFFER + 1, 2 * BUFFER] {
            peer.send_to(&pattern(size), address).expect("it is sent");
            let datagram = io.block_on(receive_from(io, &socket)).expect("works").expect("received");
            assert_eq!((datagram.from, datagram.truncated), (peer_address, size > BUFFER));
            assert_eq!(*datagram.data, pattern(size)[..size.min(BUFFER)]);
            let sent = io.block_on(send_to(io, &socket, datagram.data, datagram.from)).expect("works");
            assert_eq!(sent.expect("sent"), size.min(BUFFER));
            let mut back = [0; 4 * BUFFER];
            assert_eq!(peer.recv(&mut back).expect("it comes back"), size.min(BUFFER));
        }
        if let Ok(socket) = io.bind((Ipv6Addr::LOCALHOST, 0)) {
            let to = socket.local_addr().expect("it has one");
            io.block_on(send_to(io, &socket, pattern(5).into(), to)).expect("works").expect("sent");
            let datagram = io.block_on(receive_from(io, &socket)).expect("works").expect("received");
            assert_eq!((datagram.from, &*datagram.data), (to, &*pattern(5)));
        }
    }

    fn a_datagram_that_cannot_be_sent_is_an_error(io: &IoQueue) {
        let socket = io.bind("127.0.0.1:0").expect("a port");
        let to = socket.local_addr().expect("it has one");
        let failure = io.block_on(send_to(io, &socket, vec![0; 100_000].into(), to)).expect("works");
        assert!(failure.is_err(), "it is too large");
    }

    fn sending_to_who_has_gone_is_an_error_and_no_signal(io: &IoQueue) {
        let (connection, theirs) = pair(io);
        drop(theirs);
        let failure = io.block_on(send(io, &connection, pattern(1).into())).expect("works");
        assert_eq!(failure.expect_err("nobody is there").kind(), ErrorKind::BrokenPipe);
    }

    fn a_connection_is_closed_with_its_last_owner(io: &IoQueue) {
        // It makes its doorbell.
        io.block_on(async {}).expect("the queue works");
        let files = open_files();
        let (connection, mut theirs) = pair(io);
        let share = connection.clone();
        io.block_on(close(io, connection)).expect("works").expect("no failure");
        io.block_on(send(io, &share, pattern(3).into())).expect("works").expect("it is open");
        io.block_on(close(io, share)).expect("works").expect("no failure");
        assert_eq!(open_files(), files + 1);
        let mut read = Vec::new();
        theirs.read_to_end(&mut read).expect("closed");
        assert_eq!(read, pattern(3));
    }

    fn sockets_come_and_go(io: &IoQueue) {
        // It makes its doorbell.
        io.block_on(async {}).expect("the queue works");
        let files = open_files();
        for _ in 0..500 {
            let (connection, mut theirs) = pair(io);
            theirs.write_all(b"once").expect("there is room");
            assert_eq!(**io.block_on(receive(io, &connection)).expect("works").as_ref().expect("there"), *b"once");
        }
        assert_eq!(open_files(), files);
    }

    fn one_socket_receives_and_sends_at_the_same_time(io: &IoQueue) {
        let (connection, theirs) = pair(io);
        let data = pattern(300_000);
        let echoing = thread::spawn(move || {
            let mut reader = theirs.try_clone().expect("a descriptor");
            io::copy(&mut reader, &mut &theirs).expect("the queue reads and writes");
        });
        #[coro::coroutine]
        fn read_exactly<'a>(io: &'a IoQueue, connection: &'a Connection, length: usize) -> Task<'a, Vec<u8>, Polled> {
            let mut read = Vec::new();
            while read.len() < length {
                read.extend_from_slice(&io.recv(connection).await.expect("it comes"));
            }
            read
        }
        let buffer = IoBuf::from(data.clone());
        let both = async {
            futures::join!(send_all::<Polled>(io, &connection, &buffer), read_exactly(io, &connection, data.len()))
        };
        let (sent, read) = io.block_on(both).expect("the queue works");
        sent.expect("sent");
        assert!(read == data);
        drop(connection);
        echoing.join().expect("it ends");
    }

    fn queues_are_told_apart(io: &IoQueue) {
        // Two on one thread, each with its own sockets.
        let other = IoQueue::new(Options { backend: Some(io.backend()), buffer: 10 }).expect("as this one");
        let (here, mut their_here) = pair(io);
        let (there, mut their_there) = pair(&other);
        their_here.write_all(&pattern(20)).expect("there is room");
        their_there.write_all(&pattern(20)).expect("there is room");
        assert_eq!(other.block_on(receive(&other, &there)).expect("works").expect("there").len(), 10);
        assert_eq!(io.block_on(receive(io, &here)).expect("works").expect("there").len(), 20);
    }
}

#[test]
fn buffers_have_room() {
    for backend in [BackendKind::Uring, BackendKind::Poll] {
        let refused = IoQueue::new(Options { backend: Some(backend), buffer: 0 }).map(drop);
        assert_eq!(refused.expect_err("nothing could be received").kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn everything_stays_on_its_thread() {
    trait Stays<A> {
        fn stays() {}
    }
    impl<T> Stays<()> for T {}
    struct Goes;
    impl<T: Send> Stays<Goes> for T {}
    // If one of these were `Send`, rustc could not choose.
    <IoQueue as Stays<_>>::stays();
    <IoBuf as Stays<_>>::stays();
    <Connection as Stays<_>>::stays();
    <Listener as Stays<_>>::stays();
    <Operation<'_, Sleep> as Stays<_>>::stays();
}

#[test]
fn without_a_wish_there_is_a_queue_anyway() {
    // The others count descriptors.
    let _one = one_at_a_time();
    let io = IoQueue::new(Options::default()).expect("one of them works");
    assert!([BackendKind::Uring, BackendKind::Poll].contains(&io.backend()));
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    let connection = io.adopt(ours).expect("a socket");
    drop(theirs);
    assert!(io.block_on(receive(&io, &connection)).expect("works").expect("the end").is_empty());
}
