//! The stand-in Slack workspace: Slack's side of the wire, on loopback, for a newcomer's first
//! minute and for the tests.
