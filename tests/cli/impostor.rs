//! Servers that are not the one that is meant: another product, another version, one that only fails.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

/// A server that gives prepared answers.
pub struct Impostor {
    /// Where it listens.
    pub address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

/// An answer: the status line's rest, more header lines, and the body.
pub type Prepared = (&'static str, &'static str, String);

impl Impostor {
    /// Answers what `answer` says, by method and path, for as long as the test runs.
    pub fn open(answer: impl Fn(&str) -> Prepared + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
                let mut head = Vec::new();
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                        break;
                    }
                    let lower = line.to_lowercase();
                    if let Some(text) = lower.strip_prefix("content-length:") {
                        length = text.trim().parse().unwrap_or(0);
                    }
                    head.push(line.trim_end().to_owned());
                }
                let mut body = vec![0; length];
                let _ = reader.read_exact(&mut body);
                let Some(first) = head.first().cloned() else { continue };
                let what = first.rsplit_once(' ').map_or(first.as_str(), |(what, _)| what);
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(head.join("\n"));
                let (status, headers, body) = answer(what);
                let mut stream = stream;
                let text = format!(
                    "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(text.as_bytes());
            }
        });
        Self { address, asked }
    }

    /// The heads of all that it was asked.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A header of JSON.
pub const JSON: &str = "Content-Type: application/json\r\n";
/// A header of a problem.
pub const PROBLEM: &str = "Content-Type: application/problem+json\r\n";

/// What a server says about itself that speaks these versions.
pub fn about(newest: u32, oldest: u32) -> Value {
    json!({
        "product": "countersign", "version": "9.9.9", "api_version": newest,
        "oldest_api_version": oldest, "address": "https://agents.example.com",
        "slash_command": "/agent", "more": "than is known",
    })
}
