//! Messages on their way, in lanes: of each lane one is sent at a time, in the order of writing.
//!
//! Only the first waiting delivery of a lane has a `ready_at`, and only such can be leased; so a
//! lane has one lease at most, and the lanes that are ready are found without looking at what waits
//! behind. A lease is taken, given back and moved on in write transactions, which come one after
//! the other across all replicas.
//!
//! Whoever holds the lease of a lane that is a line of many (notices) may send what waits right
//! behind it as well ([`Tx::behind`]), and say of all at once that it arrived: nobody else can take
//! them meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;
use ulid::Ulid;

use super::error::StoreError;
use super::session::{Doc, Session, all, count, execute, one, read_text};
use super::several::several;
use super::statement::statements;
use super::tx::Tx;
use crate::domain::delivery::{Bulletin, Card, Delivery, Outgoing, Place};
use crate::domain::ids::{DeliveryId, RequestId};
use crate::domain::person::PersonId;
use crate::domain::time::Timestamp;

statements! {
    LEASE on "deliveries" = "UPDATE deliveries \
        SET leased_by = $1, ready_at = $2, attempts = attempts + 1 \
        WHERE position IN (SELECT position FROM deliveries WHERE ready_at IS NOT NULL AND ready_at <= $3 \
        ORDER BY ready_at, position LIMIT $4) RETURNING position, id, attempts, since, doc";
    GIVE_UP on "deliveries" = "UPDATE deliveries \
        SET state = 'failed', ready_at = NULL, leased_by = NULL, error = $2 \
        WHERE id = $1 AND state = 'waiting' RETURNING lane";
    NEXT_OF_LANE on "deliveries" = "UPDATE deliveries SET ready_at = $2 WHERE ready_at IS NULL \
        AND position = (SELECT MIN(position) FROM deliveries WHERE lane = $1 AND state = 'waiting')";
    // What was sent behind another was never leased itself, and was tried all the same.
    RETRY on "deliveries" = "UPDATE deliveries SET leased_by = NULL, ready_at = $2, error = $3, \
        attempts = CASE WHEN attempts = 0 THEN 1 ELSE attempts END \
        WHERE id = $1 AND state = 'waiting' AND ready_at IS NOT NULL";
    RELEASE on "deliveries" = "UPDATE deliveries \
        SET leased_by = NULL, ready_at = $2, attempts = attempts - 1 WHERE leased_by = $1";
    RENEW on "deliveries" = "UPDATE deliveries SET ready_at = $2 WHERE leased_by = $1";
    RELEASE_ALL on "deliveries" = "UPDATE deliveries SET leased_by = NULL, ready_at = $1 \
        WHERE leased_by IS NOT NULL";
    BY_ID on "deliveries" = "SELECT position, id, attempts, since, doc FROM deliveries WHERE id = $1";
    FAILED on "deliveries" = "SELECT position, id, attempts, since, doc FROM deliveries \
        WHERE state = 'failed' ORDER BY position DESC LIMIT $1";
    WAITING on "deliveries" = "SELECT COUNT(*) FROM deliveries WHERE state = 'waiting'";
    NEXT on "deliveries" = "SELECT ready_at FROM deliveries WHERE ready_at IS NOT NULL \
        ORDER BY ready_at LIMIT 1";
}

/// Ready since ever: before any wall clock, whatever the clock by which things are dated says.
const AT_ONCE: Timestamp = Timestamp::UNIX_EPOCH;

/// The last that waits in each of some lanes; whether it is leased. The lanes' terms follow.
const LAST_OF_LANES: &str = "SELECT lane, leased_by FROM deliveries WHERE position IN";

/// Removes those that have arrived.
const ARRIVED: &str = "DELETE FROM deliveries WHERE id IN";

/// Lets the first waiting one of each lane go, where its time was not set. `ready_at` 1970 is
/// [`AT_ONCE`].
const NEXT_OF_LANES: &str = "UPDATE deliveries SET ready_at = '1970-01-01T00:00:00+00:00' \
    WHERE ready_at IS NULL AND position IN";

/// What waits behind the first of a lane.
const BEHIND: &str = "SELECT * FROM (SELECT position, id, attempts, since, doc FROM deliveries \
    WHERE state = 'waiting' AND ready_at IS NULL AND lane";

/// Inserts several; the places of the values follow.
const INSERT: &str = "INSERT INTO deliveries \
    (position, id, lane, since, ready_at, doc, state, leased_by, attempts, error) ";

/// What is to wait from the end of the transaction on.
#[derive(Debug, Clone)]
pub(super) enum Waiting {
    /// This one.
    One { id: DeliveryId, delivery: Delivery, since: Timestamp },
    /// What brings every copy of the request's card up to date, and the App Homes of the people
    /// who have one; the ids count up from this.
    Cards { request: RequestId, first: Ulid, since: Timestamp },
    /// What brings every bulletin about this up to date; the ids count up from this.
    Bulletins { about: String, first: Ulid, since: Timestamp },
    /// What brings these people's App Homes up to date; the ids count up from this.
    Homes { people: Vec<PersonId>, first: Ulid, since: Timestamp },
}

/// A row to be inserted.
struct NewRow {
    position: i64,
    id: DeliveryId,
    lane: String,
    since: Timestamp,
    ready: Option<Timestamp>,
    delivery: Delivery,
}

/// How the last that waits in a lane stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Waits,
    IsLeased,
}

type Row = (i64, String, i64, Timestamp, Doc<Delivery>);

/// These deliveries, with ids that count up from the first.
fn counted(
    first: Ulid,
    deliveries: impl Iterator<Item = Delivery>,
    since: Timestamp,
) -> impl Iterator<Item = (DeliveryId, Delivery, Timestamp)> {
    deliveries.zip(0_u128..).map(move |(delivery, n)| {
        let ulid = Ulid::from_parts(first.timestamp_ms(), first.random().wrapping_add(n));
        (DeliveryId::new(ulid), delivery, since)
    })
}

fn outgoing((_, id, attempts, since, doc): Row) -> Result<Outgoing, StoreError> {
    let delivery = doc.open(&BY_ID, &id)?;
    let attempts = u32::try_from(attempts).unwrap_or_default();
    Ok(Outgoing { id: read_text(&id, "deliveries", "id", &id)?, delivery, attempts, since })
}

impl Tx {
    /// Sends it on its way, behind what waits in its lane.
    ///
    /// What shows the state at the moment of sending is not put behind one that still waits for
    /// that moment. One that is leased may have read the state as it was: it does not count.
    pub async fn enqueue(
        &mut self,
        id: DeliveryId,
        delivery: &Delivery,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.waiting.push(Waiting::One { id, delivery: delivery.clone(), since: now });
        Ok(())
    }

    /// Brings every copy of the request's card up to date, and the App Homes of the people who have
    /// a copy: those that there are when the transaction ends. Their ids count up from the one given.
    pub fn redraw(&mut self, request: RequestId, first: Ulid, now: Timestamp) {
        self.waiting.push(Waiting::Cards { request, first, since: now });
    }

    /// Brings every bulletin about this up to date: those that there are when the transaction ends.
    /// Their ids count up from the one given.
    pub fn redraw_bulletins(&mut self, about: String, first: Ulid, now: Timestamp) {
        self.waiting.push(Waiting::Bulletins { about, first, since: now });
    }

    /// Brings the App Homes of those among these people up to date who ever opened theirs. Their
    /// ids count up from the one given.
    pub fn refresh_homes(&mut self, people: Vec<PersonId>, first: Ulid, now: Timestamp) {
        self.waiting.push(Waiting::Homes { people, first, since: now });
    }

    /// Writes what has arrived, and what was sent on its way.
    pub(super) async fn settle_deliveries(&mut self) -> Result<(), StoreError> {
        self.settle_arrived().await?;
        let waiting = self.waiting.take();
        if waiting.is_empty() {
            return Ok(());
        }
        let all = self.spelt_out(waiting).await?;
        let lanes: BTreeSet<String> = all.iter().map(|(_, delivery, _)| delivery.lane()).collect();
        let mut last = self.last_of_lanes(lanes.into_iter().collect()).await?;
        let mut rows = Vec::with_capacity(all.len());
        for (id, delivery, since) in all {
            let lane = delivery.lane();
            let before = last.get(&lane).copied();
            if delivery.shows_state() && before == Some(Last::Waits) {
                continue;
            }
            let ready = before.is_none().then_some(AT_ONCE);
            self.touched.ready |= ready.is_some();
            last.insert(lane.clone(), Last::Waits);
            self.head.deliveries += 1;
            rows.push(NewRow { position: self.head.deliveries, id, lane, since, ready, delivery });
        }
        let fixed = "'waiting', CAST(NULL AS TEXT), 0, CAST(NULL AS TEXT)";
        let text = |places: String| {
            format!("{INSERT} VALUES {}", places.replace(')', &format!(", {fixed})")))
        };
        let written = several!(self, "deliveries", &rows, 6, text, |query, row| query
            .bind(row.position)
            .bind(row.id.to_string())
            .bind(row.lane.as_str())
            .bind(row.since)
            .bind(row.ready)
            .bind(Json(&row.delivery)));
        written.map(drop)
    }

    /// Each delivery by itself, in order.
    async fn spelt_out(
        &mut self,
        waiting: Vec<Waiting>,
    ) -> Result<Vec<(DeliveryId, Delivery, Timestamp)>, StoreError> {
        let (mut requests, mut people) = (BTreeSet::new(), BTreeSet::new());
        let mut told_of = BTreeSet::new();
        for one in &waiting {
            match one {
                Waiting::One { .. } => {}
                Waiting::Cards { request, .. } => drop(requests.insert(*request)),
                Waiting::Bulletins { about, .. } => drop(told_of.insert(about.clone())),
                Waiting::Homes { people: some, .. } => people.extend(some.iter().cloned()),
            }
        }
        let bulletins: Vec<Bulletin> = match told_of.is_empty() {
            true => Vec::new(),
            false => self.bulletins_about_all(&told_of).await?,
        };
        let mut cards: BTreeMap<RequestId, Vec<Card>> = BTreeMap::new();
        for card in self.cards_of_all(&requests).await? {
            if let Place::Person(person) = &card.place {
                people.insert(person.clone());
            }
            cards.entry(card.request).or_default().push(card);
        }
        let homes = self.homes_among(&people).await?;
        let mut all = Vec::with_capacity(waiting.len());
        for one in waiting {
            match one {
                Waiting::One { id, delivery, since } => all.push((id, delivery, since)),
                Waiting::Cards { request, first, since } => {
                    let cards = cards.get(&request).map(Vec::as_slice).unwrap_or_default();
                    let homes = cards.iter().filter_map(|card| match &card.place {
                        Place::Person(person) => homes.get(person),
                        Place::Channel(_) | Place::Thread(_) => None,
                    });
                    let homes: BTreeSet<&PersonId> = homes.collect();
                    let homes = homes.into_iter().map(|p| Delivery::Home { person: p.clone() });
                    let cards = cards.iter().map(|card| Delivery::Card { card: card.id });
                    all.extend(counted(first, homes.chain(cards), since));
                }
                Waiting::Bulletins { about, first, since } => {
                    let those = bulletins.iter().filter(|bulletin| bulletin.about == about);
                    let shown = those.map(Bulletin::redraw);
                    all.extend(counted(first, shown, since));
                }
                Waiting::Homes { people, first, since } => {
                    let people = people.into_iter().filter(|person| homes.contains(person));
                    let shown = people.map(|person| Delivery::Home { person });
                    all.extend(counted(first, shown, since));
                }
            }
        }
        Ok(all)
    }

    /// The last that waits in each of these lanes; nothing for a lane that is empty.
    async fn last_of_lanes(
        &mut self,
        lanes: Vec<String>,
    ) -> Result<BTreeMap<String, Last>, StoreError> {
        let term = |n| {
            format!(
                "(SELECT MAX(position) FROM deliveries WHERE lane = ${n} AND state = 'waiting')"
            )
        };
        let rows: Vec<(String, Option<String>)> =
            self.all_of("deliveries", LAST_OF_LANES, term, "", &lanes).await?;
        let last = |leased_by: Option<String>| match leased_by {
            Some(_) => Last::IsLeased,
            None => Last::Waits,
        };
        Ok(rows.into_iter().map(|(lane, leased_by)| (lane, last(leased_by))).collect())
    }

    /// Takes the oldest waiting delivery of each of up to `limit` lanes, in order, if nobody else
    /// holds the lane and it is not put off beyond `wall_now`. They are this worker's until the
    /// moment `until`, after which another may take them: a worker must have ended its attempts by
    /// then. `attempts` in what is returned counts the leases before this one.
    pub async fn lease(
        &mut self,
        worker: &str,
        wall_now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Outgoing>, StoreError> {
        self.settle_deliveries().await?;
        let mut rows = all!(self, LEASE, Row, worker, until, wall_now, i64::from(limit))?;
        self.touched.any |= !rows.is_empty();
        rows.sort_by_key(|(position, ..)| *position);
        let mut leased = Vec::with_capacity(rows.len());
        for row in rows {
            let attempts = row.2.saturating_sub(1);
            leased.push(outgoing((row.0, row.1, attempts, row.3, row.4))?);
        }
        Ok(leased)
    }

    /// What waits behind these, which are leased, in their lanes: up to `most` in each lane
    /// that is a line of many, in order. Nobody else may take them while those are leased.
    pub async fn behind(
        &mut self,
        leased: &[Outgoing],
        most: u32,
    ) -> Result<Vec<Outgoing>, StoreError> {
        self.settle_deliveries().await?;
        let in_line = leased.iter().filter(|one| !one.delivery.shows_state());
        let lanes: Vec<String> = in_line.map(|one| one.delivery.lane()).collect();
        let term = |n| format!("{BEHIND} = ${n} ORDER BY position LIMIT {most}) AS lane_{n}");
        let text = |terms: &[String]| terms.join(" UNION ALL ");
        let mut rows: Vec<Row> = self.rows_of("deliveries", text, term, &lanes).await?;
        rows.sort_by_key(|(position, ..)| *position);
        rows.into_iter().map(outgoing).collect()
    }

    /// The delivery, while it waits or after it was given up; none once it has arrived.
    pub async fn delivery(&mut self, id: DeliveryId) -> Result<Option<Outgoing>, StoreError> {
        self.settle_deliveries().await?;
        self.session.delivery(id).await
    }

    /// How many wait or are being sent, with what this transaction sends on its way.
    pub async fn waiting_deliveries(&mut self) -> Result<u32, StoreError> {
        self.settle_deliveries().await?;
        self.session.waiting_deliveries().await
    }

    /// From when on [`Tx::lease`] will find something; see [`Session::next_delivery_at`].
    pub async fn next_delivery_at(&mut self) -> Result<Option<Timestamp>, StoreError> {
        self.settle_deliveries().await?;
        self.session.next_delivery_at().await
    }

    /// It has arrived; from the end of the transaction on the next of its lane may go.
    pub async fn delivered(&mut self, id: DeliveryId) -> Result<(), StoreError> {
        self.arrived.push(id);
        Ok(())
    }

    /// Removes what has arrived, and lets the next of its lanes go.
    async fn settle_arrived(&mut self) -> Result<(), StoreError> {
        let ids: Vec<String> = self.arrived.take().iter().map(ToString::to_string).collect();
        let after = "AND state = 'waiting' RETURNING lane";
        let lanes: Vec<(String,)> =
            self.all_of("deliveries", ARRIVED, |n| format!("${n}"), after, &ids).await?;
        self.touched.any |= !lanes.is_empty();
        let lanes: BTreeSet<String> = lanes.into_iter().map(|(lane,)| lane).collect();
        let lanes: Vec<String> = lanes.into_iter().collect();
        let term = |n| {
            format!(
                "(SELECT MIN(position) FROM deliveries WHERE lane = ${n} AND state = 'waiting')"
            )
        };
        let after = "RETURNING lane";
        let next: Vec<(String,)> =
            self.all_of("deliveries", NEXT_OF_LANES, term, after, &lanes).await?;
        self.touched.ready |= !next.is_empty();
        Ok(())
    }

    /// It did not arrive and is tried again, not before the moment given; its lane waits.
    pub async fn retry(
        &mut self,
        id: DeliveryId,
        not_before: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        // It may have been behind what has arrived.
        self.settle_arrived().await?;
        execute!(self, RETRY, id.to_string(), not_before, error).map(drop)
    }

    /// It can never arrive. It is kept to be looked at; the next of its lane may go.
    pub async fn give_up(&mut self, id: DeliveryId, error: &str) -> Result<(), StoreError> {
        self.settle_arrived().await?;
        let lane = one!(self, GIVE_UP, (String,), id.to_string(), error)?;
        self.next_of_lane(lane).await
    }

    async fn next_of_lane(&mut self, lane: Option<(String,)>) -> Result<(), StoreError> {
        let Some((lane,)) = lane else { return Ok(()) };
        self.touched.any = true;
        self.touched.ready |= execute!(self, NEXT_OF_LANE, lane, AT_ONCE)? > 0;
        Ok(())
    }

    /// The worker lives, and holds what it leased until the moment `until`.
    pub async fn renew(&mut self, worker: &str, until: Timestamp) -> Result<(), StoreError> {
        execute!(self, RENEW, worker, until).map(drop)
    }

    /// Nobody holds anything any more: for the start of the only server on a database, which may
    /// have been killed before.
    pub async fn release_all_leases(&mut self) -> Result<(), StoreError> {
        self.touched.ready |= execute!(self, RELEASE_ALL, AT_ONCE)? > 0;
        Ok(())
    }

    /// The worker stops, and has not begun with what it leased.
    pub async fn release_leases(&mut self, worker: &str) -> Result<(), StoreError> {
        execute!(self, RELEASE, worker, AT_ONCE).map(drop)
    }
}

impl Session {
    /// The delivery, while it waits or after it was given up; none once it has arrived.
    pub async fn delivery(&mut self, id: DeliveryId) -> Result<Option<Outgoing>, StoreError> {
        one!(self, BY_ID, Row, id.to_string())?.map(outgoing).transpose()
    }

    /// What was given up, the newest first.
    pub async fn failed_deliveries(&mut self, limit: u32) -> Result<Vec<Outgoing>, StoreError> {
        let rows = all!(self, FAILED, Row, i64::from(limit))?;
        rows.into_iter().map(outgoing).collect()
    }

    /// How many wait or are being sent.
    pub async fn waiting_deliveries(&mut self) -> Result<u32, StoreError> {
        count!(self, WAITING)
    }

    /// From when on [`Tx::lease`] will find something (by the wall clock; 1970 means at once); none
    /// if nothing waits. The end of a lease counts too: its worker may have died.
    pub async fn next_delivery_at(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(one!(self, NEXT, (Timestamp,))?.map(|(at,)| at))
    }
}
