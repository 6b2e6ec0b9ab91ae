//! `countersign sandbox`, started as a newcomer starts it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

/// The bot and its workspace, in a process and a folder of their own.
pub struct Server {
    process: Child,
    /// The address of the page, as it was printed.
    pub address: String,
    _data: TempDir,
}

impl Server {
    /// Starts it and waits for the address that it prints.
    pub fn start() -> Self {
        let data = tempfile::tempdir().expect("a folder for the sandbox");
        let mut process = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["sandbox", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .env("COUNTERSIGN_TELEMETRY__LEVEL", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let out = process.stdout.take().expect("its standard output");
        let (line, lines) = mpsc::channel();
        // Reads to the end, also when nobody listens any more: a full pipe would stop the server.
        std::thread::spawn(move || {
            for printed in BufReader::new(out).lines().map_while(Result::ok) {
                let _ = line.send(printed);
            }
        });
        let mut seen = Vec::new();
        let address = loop {
            let printed = lines
                .recv_timeout(Duration::from_secs(30))
                .unwrap_or_else(|_| panic!("no address of a page in:\n{}", seen.join("\n")));
            let found = printed.split_whitespace().find(|word| word.starts_with("http://"));
            match found.map(str::to_owned) {
                Some(address) => break address,
                None => seen.push(printed),
            }
        };
        Self { process, address, _data: data }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(Some(status)) = self.process.try_wait() {
            eprintln!("the sandbox had ended before the test did: {status}");
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
