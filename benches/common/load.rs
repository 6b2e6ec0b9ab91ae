//! The generator: so many connections that are kept open, each with one request under way.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::{own_thread, percentile, processor_time};

/// What came of a round.
#[derive(Debug, Clone)]
pub struct Round {
    /// So many were acknowledged.
    pub answered: usize,
    /// In this time.
    pub took: Duration,
    /// For so much of the server's processor time.
    pub processor: Duration,
    /// How long each waited, sorted.
    pub waits: Vec<Duration>,
    /// When each was acknowledged and how long it had waited, by its place in the list of requests.
    pub acknowledged: Vec<(usize, Instant, Duration)>,
    /// One of the answers.
    pub sample: String,
}

impl Round {
    /// A second.
    pub fn rate(&self) -> f64 {
        self.answered as f64 / self.took.as_secs_f64()
    }

    /// A second of the server's processor time.
    pub fn per_processor_second(&self) -> f64 {
        self.answered as f64 / self.processor.as_secs_f64()
    }

    /// The median wait, and the longest of 99 of 100.
    pub fn waits(&self) -> (Duration, Duration) {
        (percentile(&self.waits, 0.5), percentile(&self.waits, 0.99))
    }
}

struct Shared {
    requests: Vec<Bytes>,
    next: usize,
    waits: Vec<Duration>,
    acknowledged: Vec<(usize, Instant, Duration)>,
    sample: String,
}

/// Sends the requests over so many connections, until all are answered or the time is up.
pub async fn run(
    address: SocketAddr,
    connections: usize,
    requests: Vec<Bytes>,
    longest: Duration,
) -> Round {
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        streams.push(stream);
    }
    let (waits, acknowledged) = (Vec::with_capacity(requests.len()), Vec::new());
    let shared = Shared { requests, next: 0, waits, acknowledged, sample: String::new() };
    let shared = Rc::new(RefCell::new(shared));
    let own = own_thread().unwrap_or_default();
    let (before, started) = (processor_time(&own), Instant::now());
    let local = LocalSet::new();
    for stream in streams {
        let shared = Rc::clone(&shared);
        local.spawn_local(async move { one(stream, shared, started, longest).await });
    }
    local.await;
    let took = started.elapsed();
    let processor = processor_time(&own) - before;
    let mut shared = shared.borrow_mut();
    let mut waits = std::mem::take(&mut shared.waits);
    waits.sort_unstable();
    let acknowledged = std::mem::take(&mut shared.acknowledged);
    let sample = std::mem::take(&mut shared.sample);
    Round { answered: waits.len(), took, processor, waits, acknowledged, sample }
}

async fn one(
    mut stream: TcpStream,
    shared: Rc<RefCell<Shared>>,
    started: Instant,
    longest: Duration,
) {
    let mut buffer = vec![0_u8; 64 * 1024];
    while started.elapsed() < longest {
        let (at, request) = {
            let mut shared = shared.borrow_mut();
            let at = shared.next;
            let Some(request) = shared.requests.get(at).cloned() else { return };
            shared.next += 1;
            (at, request)
        };
        let sent = Instant::now();
        stream.write_all(&request).await.expect("sent");
        let mut filled = 0;
        let end = loop {
            filled += stream.read(&mut buffer[filled..]).await.expect("an answer");
            assert!(filled > 0, "the server hung up");
            if let Some(end) = whole(&buffer[..filled]) {
                break end;
            }
        };
        let now = Instant::now();
        assert_eq!(end, filled, "an answer and nothing behind it");
        let mut shared = shared.borrow_mut();
        shared.waits.push(now - sent);
        shared.acknowledged.push((at, now, now - sent));
        if shared.sample.is_empty() {
            shared.sample = String::from_utf8_lossy(&buffer[..filled]).into_owned();
        }
    }
}

/// Where the answer ends, if it is whole. Anything but 200 ends the measurement.
fn whole(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).expect("a head");
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let length = text.split("\r\n").find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.expect("a length").parse().expect("a number");
    (answer.len() >= head + length).then_some(head + length)
}
