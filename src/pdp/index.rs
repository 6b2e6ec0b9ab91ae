//! All agents and live grants, in memory: a question finds what it needs in well under a
//! microsecond, however many there are. A million grants take about 120 MiB.
//!
//! The index is true up to a line of the audit log. Whatever changes afterwards is named by the lines
//! that follow, and taken in by [`Index::take`].

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};
use ulid::Ulid;

use super::names::Names;
use crate::domain::access::Access;
use crate::domain::agent::{Agent, AgentState, Cause};
use crate::domain::evaluation::{KnownAgent, LiveGrant};
use crate::domain::grant::{Grant, GrantState};
use crate::domain::ids::{AgentId, GrantId, RequestId};
use crate::domain::request::Reference;
use crate::domain::time::Timestamp;

/// What the registry knows of an agent, and where the agent stands in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What is known of it.
    pub known: KnownAgent,
    /// Its state in a word.
    pub state: &'static str,
    /// Why it is suspended, if it is.
    pub cause: Option<Cause>,
    /// Whether it is at work.
    pub active: bool,
}

impl Card {
    /// The card of this agent.
    pub fn of(agent: &Agent) -> Self {
        let known = KnownAgent::of(agent);
        let (state, cause) = (agent.state.word(), agent.cause());
        Self { known, state, cause, active: agent.is_active() }
    }
}

/// What an answer is found from.
pub trait Known {
    /// The agent with this slug or id.
    fn agent(&self, name: &str) -> Option<Arc<Card>>;

    /// The live grant that opens this to the agent; the last to end, if there are several.
    fn grant(&self, agent: AgentId, access: &Access, now: Timestamp) -> Option<LiveGrant>;
}

/// No number: the end of a chain, or all objects.
const NONE: u32 = u32::MAX;

/// What opens the same to the same agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    agent: u32,
    resource: u32,
    action: u32,
    /// [`NONE`] for all objects.
    object: u32,
}

/// One live grant. Times are in microseconds since 1970.
#[derive(Debug, Clone)]
struct Slot {
    id: [u8; 16],
    request: [u8; 16],
    from: i64,
    until: i64,
    key: Key,
    number: u32,
    letter: char,
    /// The next that opens the same; of a free slot, the next that is free.
    next: u32,
    /// The next of the same agent.
    sibling: u32,
}

/// All agents and live grants.
#[derive(Debug)]
pub struct Index {
    /// The last line of the log that is taken in.
    seq: i64,
    /// The last line that changed anything here.
    changed: i64,
    cards: Vec<Arc<Card>>,
    /// The first grant of each agent, by the agent's number.
    first: Vec<u32>,
    by_id: HashMap<AgentId, u32>,
    by_slug: HashMap<Box<str>, u32>,
    names: Names,
    slots: Vec<Slot>,
    free: u32,
    live: usize,
    heads: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            seq: 0,
            changed: 0,
            cards: Vec::new(),
            first: Vec::new(),
            by_id: HashMap::new(),
            by_slug: HashMap::new(),
            names: Names::default(),
            slots: Vec::new(),
            free: NONE,
            live: 0,
            heads: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }
}

impl Index {
    /// Nothing yet, true up to this line of the log.
    pub fn at(seq: i64) -> Self {
        Self { seq, changed: seq, ..Self::default() }
    }

    /// The last line of the log that is taken in.
    pub const fn seq(&self) -> i64 {
        self.seq
    }

    /// The last line that changed anything here: what was found since is found still.
    pub const fn changed(&self) -> i64 {
        self.changed
    }

    /// How many grants are held that have not ended on the record.
    pub const fn len(&self) -> usize {
        self.live
    }

    /// Whether there is no grant.
    pub const fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Takes in what the lines after `from` up to `to` changed, if the index is at `from`: then
    /// nobody took in anything newer meanwhile. Says whether it was.
    pub fn take<'a>(
        &mut self,
        (from, to): (i64, i64),
        agents: impl IntoIterator<Item = &'a Agent>,
        grants: impl IntoIterator<Item = &'a Grant>,
    ) -> bool {
        if self.seq != from || to < from {
            return false;
        }
        let mut any = false;
        for agent in agents {
            self.put_agent(agent);
            any = true;
        }
        for grant in grants {
            self.put_grant(grant);
            any = true;
        }
        if any {
            self.changed = to;
        }
        self.seq = to;
        true
    }

    /// Puts the agent in, or in place of what was known of it.
    pub fn put_agent(&mut self, agent: &Agent) {
        let card = Arc::new(Card::of(agent));
        let number = match self.by_id.get(&agent.id) {
            Some(number) => {
                if let Some(place) = self.cards.get_mut(*number as usize) {
                    let before = std::mem::replace(place, card);
                    if before.known.slug != agent.slug {
                        self.forget_slug(before.known.slug.as_str(), agent.id);
                    }
                }
                self.by_id.get(&agent.id).copied().unwrap_or(NONE)
            }
            None => {
                let number = u32::try_from(self.cards.len()).unwrap_or(NONE);
                self.cards.push(card);
                self.first.push(NONE);
                self.by_id.insert(agent.id, number);
                number
            }
        };
        // A registration that came to nothing gives its name back.
        if matches!(agent.state, AgentState::Rejected { .. }) {
            self.forget_slug(agent.slug.as_str(), agent.id);
        } else {
            self.by_slug.insert(agent.slug.as_str().into(), number);
        }
    }

    fn forget_slug(&mut self, slug: &str, of: AgentId) {
        let held = self.by_slug.get(slug).and_then(|number| self.cards.get(*number as usize));
        if held.is_some_and(|card| card.known.id == of) {
            self.by_slug.remove(slug);
        }
    }

    /// Puts the grant in, or takes it out if it has ended. Its agent must be in before it.
    pub fn put_grant(&mut self, grant: &Grant) {
        let Some(agent) = self.by_id.get(&grant.agent).copied() else { return };
        let Access { resource, object, action } = &grant.access;
        let key = Key {
            agent,
            resource: self.names.number_for(resource),
            action: self.names.number_for(action),
            object: object.as_ref().map_or(NONE, |object| self.names.number_for(object)),
        };
        let id = grant.id.ulid().to_bytes();
        self.take_out(key, &id);
        if grant.state == GrantState::Active {
            self.put_in(Slot {
                id,
                request: grant.request.ulid().to_bytes(),
                from: grant.starts_at.timestamp_micros(),
                until: grant.expires_at.timestamp_micros(),
                key,
                number: grant.reference.number,
                letter: grant.reference.letter,
                next: NONE,
                sibling: NONE,
            });
        }
    }

    fn slot(&self, at: u32) -> Option<&Slot> {
        self.slots.get(at as usize)
    }

    fn head(&self, key: Key) -> u32 {
        let is = |at: &u32| self.slot(*at).is_some_and(|slot| slot.key == key);
        self.heads.find(self.hasher.hash_one(key), is).copied().unwrap_or(NONE)
    }

    fn put_in(&mut self, mut slot: Slot) {
        let key = slot.key;
        let head = self.head(key);
        slot.next = head;
        let first = self.first.get_mut(key.agent as usize);
        let at = match self.slots.get_mut(self.free as usize) {
            Some(empty) => {
                let at = std::mem::replace(&mut self.free, empty.next);
                slot.sibling = first.map_or(NONE, |first| std::mem::replace(first, at));
                *empty = slot;
                at
            }
            None => {
                let at = u32::try_from(self.slots.len()).unwrap_or(NONE);
                slot.sibling = first.map_or(NONE, |first| std::mem::replace(first, at));
                self.slots.push(slot);
                at
            }
        };
        self.live += 1;
        self.set_head(key, head, at);
    }

    /// The chain of this key begins at `now` instead of `before`.
    fn set_head(&mut self, key: Key, before: u32, now: u32) {
        let Self { heads, hasher, slots, .. } = self;
        let hash = hasher.hash_one(key);
        match (before, now) {
            (NONE, NONE) => {}
            (NONE, now) => {
                let of = |at: &u32| slots.get(*at as usize).map_or(0, |s| hasher.hash_one(s.key));
                heads.insert_unique(hash, now, of);
            }
            (before, NONE) => {
                if let Ok(entry) = heads.find_entry(hash, |at| *at == before) {
                    entry.remove();
                }
            }
            (before, now) => {
                if let Some(head) = heads.find_mut(hash, |at| *at == before) {
                    *head = now;
                }
            }
        }
    }

    /// Takes a grant out of its chains, if it is in.
    fn take_out(&mut self, key: Key, id: &[u8; 16]) {
        let head = self.head(key);
        let (mut before, mut at) = (NONE, head);
        while let Some(slot) = self.slot(at) {
            let next = slot.next;
            if slot.id == *id {
                if before == NONE {
                    self.set_head(key, head, next);
                } else if let Some(slot) = self.slots.get_mut(before as usize) {
                    slot.next = next;
                }
                self.take_from_siblings(key.agent, at);
                if let Some(slot) = self.slots.get_mut(at as usize) {
                    slot.next = std::mem::replace(&mut self.free, at);
                    slot.sibling = NONE;
                }
                self.live -= 1;
                return;
            }
            (before, at) = (at, next);
        }
    }

    fn take_from_siblings(&mut self, agent: u32, out: u32) {
        let after = self.slot(out).map_or(NONE, |slot| slot.sibling);
        let Some(first) = self.first.get_mut(agent as usize) else { return };
        if *first == out {
            *first = after;
            return;
        }
        let mut at = *first;
        while let Some(slot) = self.slots.get_mut(at as usize) {
            if slot.sibling == out {
                slot.sibling = after;
                return;
            }
            at = slot.sibling;
        }
    }

    /// As [`Known::grant`], without the grants that `but` names.
    fn grant_but(
        &self,
        agent: AgentId,
        access: &Access,
        now: Timestamp,
        but: impl Fn(GrantId) -> bool,
    ) -> Option<LiveGrant> {
        let key = Key {
            agent: *self.by_id.get(&agent)?,
            resource: self.names.number(&access.resource)?,
            action: self.names.number(&access.action)?,
            object: NONE,
        };
        let object = access.object.as_ref().and_then(|object| self.names.number(object));
        let now = now.timestamp_micros();
        let mut best: Option<&Slot> = None;
        for key in [Some(key), object.map(|object| Key { object, ..key })].into_iter().flatten() {
            let mut at = self.head(key);
            while let Some(slot) = self.slot(at) {
                let live = slot.from <= now && now < slot.until;
                if live
                    && best.is_none_or(|best| (best.until, best.id) < (slot.until, slot.id))
                    && !but(GrantId::new(Ulid::from_bytes(slot.id)))
                {
                    best = Some(slot);
                }
                at = slot.next;
            }
        }
        best.and_then(Slot::grant)
    }

    /// The slugs of all agents at work, in their order.
    pub fn active_slugs(&self) -> Vec<String> {
        let active = self.cards.iter().filter(|card| card.active);
        let mut slugs: Vec<String> = active.map(|card| card.known.slug.to_string()).collect();
        slugs.sort_unstable();
        slugs
    }

    /// The objects of this resource that the agent holds a grant of its own for, in their order.
    pub fn objects_of(&self, agent: AgentId, resource: &str) -> Vec<String> {
        let (Some(agent), Some(resource)) = (self.by_id.get(&agent), self.names.number(resource))
        else {
            return Vec::new();
        };
        let mut objects = Vec::new();
        let mut at = self.first.get(*agent as usize).copied().unwrap_or(NONE);
        while let Some(slot) = self.slot(at) {
            if slot.key.resource == resource && slot.key.object != NONE {
                objects.push(self.names.name(slot.key.object).to_owned());
            }
            at = slot.sibling;
        }
        objects.sort_unstable();
        objects.dedup();
        objects
    }
}

impl Slot {
    fn grant(&self) -> Option<LiveGrant> {
        Some(LiveGrant {
            id: GrantId::new(Ulid::from_bytes(self.id)),
            reference: Reference { letter: self.letter, number: self.number },
            request: RequestId::new(Ulid::from_bytes(self.request)),
            until: Timestamp::from_timestamp_micros(self.until)?,
        })
    }
}

impl Known for Index {
    fn agent(&self, name: &str) -> Option<Arc<Card>> {
        let number = match self.by_slug.get(name) {
            Some(number) => *number,
            None => *self.by_id.get(&name.parse().ok()?)?,
        };
        self.cards.get(number as usize).cloned()
    }

    fn grant(&self, agent: AgentId, access: &Access, now: Timestamp) -> Option<LiveGrant> {
        self.grant_but(agent, access, now, |_| false)
    }
}

/// The index and what has changed since, which is not taken in before it is durable.
#[derive(Debug, Clone, Copy)]
pub struct Ahead<'a> {
    /// The index.
    pub index: &'a Index,
    /// The agents that changed, as they are now.
    pub agents: &'a [Agent],
    /// The grants that changed, as they are now.
    pub grants: &'a [Grant],
}

impl Known for Ahead<'_> {
    fn agent(&self, name: &str) -> Option<Arc<Card>> {
        let named = |agent: &&Agent| {
            let rejected = matches!(agent.state, AgentState::Rejected { .. });
            (agent.slug.as_str() == name && !rejected) || agent.id.to_string() == name
        };
        if let Some(agent) = self.agents.iter().find(named) {
            return Some(Arc::new(Card::of(agent)));
        }
        let card = self.index.agent(name)?;
        // One that changed and is not called so any more.
        let gone = self.agents.iter().any(|agent| agent.id == card.known.id);
        (!gone).then_some(card)
    }

    fn grant(&self, agent: AgentId, access: &Access, now: Timestamp) -> Option<LiveGrant> {
        let before = self
            .index
            .grant_but(agent, access, now, |id| self.grants.iter().any(|grant| grant.id == id));
        let opens = |g: &&Grant| g.agent == agent && g.access.covers(access) && g.is_live(now);
        let changed = self.grants.iter().filter(opens).map(|grant| LiveGrant {
            id: grant.id,
            reference: grant.reference,
            request: grant.request,
            until: grant.expires_at,
        });
        changed.chain(before).max_by_key(|grant| (grant.until, grant.id))
    }
}
