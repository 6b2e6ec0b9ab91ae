//! Programs are told, at addresses that they name: so the addresses are looked at hard ([`address`])
//! before anything is sent ([`send`]).

pub mod address;
pub mod send;
