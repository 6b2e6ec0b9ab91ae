//! The wire to and from Slack: what comes in is verified and read, what goes out is limited and
//! timed. Nothing here decides anything; the [`desk`] is where the wire ends.
//!
//! | file | idea |
//! |---|---|
//! | [`installation`] | where the app is installed, and who belongs there |
//! | [`inbound`] | what came in, as plain facts |
//! | [`payload`] | Slack's JSON and forms, read into those facts |
//! | [`signature`], [`replay`] | who sent it, and whether it was sent before |
//! | [`desk`] | the seam: something came in, what is answered |
//! | [`intake`] | the way to the desk and back, within Slack's three seconds |
//! | [`courier`] | what is done after the acknowledgement |
//! | [`http`], [`socket`] | the two ways in |
//! | [`client`], [`calls`] | Slack's Web API |
//! | [`files`] | a picture with a message |
//! | [`limits`] | how often it may be called |
//! | [`messenger`] | [`service::messenger`](crate::service::messenger) on Slack |
//! | [`directory`] | [`service::directory`](crate::service::directory) on Slack |
//! | [`doctor`] | what is wrong with tokens, scopes, channels and groups, and the cure |

pub mod cache;
pub mod calls;
pub mod client;
pub mod courier;
pub mod desk;
pub mod directory;
pub mod doctor;
pub mod files;
pub mod http;
pub mod inbound;
pub mod installation;
pub mod intake;
pub mod limits;
pub mod messenger;
pub mod payload;
pub mod replay;
pub mod signature;
pub mod socket;
