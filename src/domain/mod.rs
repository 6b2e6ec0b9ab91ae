//! What Countersign decides, as pure functions: no async, no I/O, no Slack, SQL or HTTP types.
//!
//! A state is an enum that owns its facts, and a transition consumes it. Time, ids and randomness
//! come in as arguments, so that every decision can be replayed from its record.
//!
//! | file | idea |
//! |---|---|
//! | [`ids`] | identifiers that say what they name |
//! | [`time`] | the time type, and spans as people write them |
//! | [`text`] | text of people and agents, made safe to keep |
//! | [`near`](mod@near) | the names that are near to what somebody typed |
//! | [`person`] | who somebody is, and whether they may decide anything |
//! | [`role`] | roles, and who holds them at this moment |
//! | [`tier`] | the three tiers, and how answers become one |
//! | [`access`] | resources, actions and what is asked for |
//! | [`agent`] | the agent and its life |
//! | [`quiz`] | is this an agent? a few plain questions, and the one next step |
//! | [`request`], [`ask`], [`reference`](mod@reference) | a question put to people, what it asks, and what it is called |
//! | `deciding` | what people's words make of it |
//! | [`certification`] | the owner's word, each quarter, that an agent is still needed |
//! | [`vote`], [`voice`] | one yes is one person: matching votes to requirements; for whom somebody may speak |
//! | [`delegation`], [`until`](mod@until), [`absence`] | who answers in whose place, and until when; who is away |
//! | [`backup`] | who is asked when the time to decide is over |
//! | [`review`] | what the automated review finds before people look |
//! | [`ownership`] | nobody answers for an agent, and somebody does again |
//! | [`finding`], [`discovery`] | something that was found and may be an agent, and what becomes of it |
//! | [`secret`] | keys that stand in text |
//! | [`gate`], [`draft`] | a pipeline's check; a registration that is ready for its owner |
//! | [`grant`] | what a yes opens, until when |
//! | [`emergency`] | what is opened at once, and answered for afterwards |
//! | [`incident`] | something is wrong with an agent, and people look into it |
//! | [`credential`], [`public_key`], [`claims`] | how an agent proves who it is |
//! | [`signing_key`] | when the server's keys sign, and when they are followed by others |
//! | [`token`] | what was issued to an agent, and whether it is still good |
//! | [`evaluation`] | one question at run time, and its answer |
//! | [`behalf`] | by which token an agent acted when it asked, and in whose name |
//! | [`tie`](mod@tie) | what of a question must be the same when access is asked for |
//! | [`activity`] | what an agent did, as it is told |
//! | [`insights`] | numbers that show whether all this works |
//! | [`event`], [`chain`] | the audit log's lines, and how they hang together |
//! | [`deadline`] | something to do at a time |
//! | [`delivery`] | a message that must arrive |
//! | [`task`] | how a program follows what it asked for |
//! | [`login`], [`user_code`] | a person logs in on a device; what they type for it |

pub mod absence;
pub mod access;
pub mod activity;
pub mod agent;
pub mod ask;
pub mod backup;
pub mod behalf;
pub mod certification;
pub mod chain;
pub mod claims;
pub mod credential;
pub mod deadline;
mod deciding;
pub mod delegation;
pub mod delivery;
pub mod discovery;
pub mod draft;
pub mod emergency;
pub mod evaluation;
pub mod event;
pub mod finding;
pub mod gate;
pub mod grant;
pub mod identity_provider;
pub mod ids;
pub mod incident;
pub mod insights;
pub mod login;
pub mod near;
pub mod ownership;
pub mod person;
pub mod public_key;
pub mod quiz;
pub mod reference;
pub mod request;
pub mod review;
pub mod role;
pub mod secret;
pub mod signing_key;
pub mod task;
pub mod text;
pub mod tie;
pub mod tier;
pub mod time;
pub mod token;
pub mod until;
pub mod user_code;
pub mod voice;
pub mod vote;
