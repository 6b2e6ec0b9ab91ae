//! The client binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything opens a connection: the first use of TLS takes the provider that is installed.
    // It can only be refused where one is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    countersign::client::main()
}
