//! Messages on their way, in lanes: of each lane one is sent at a time, in the order of writing.
//!
//! Only the first waiting delivery of a lane has a `ready_at`, and only such can be leased; so a
//! lane has one lease at most, and the lanes that are ready are found without looking at what waits
//! behind. A lease is taken, given back and moved on in write transactions, which come one after
//! the other across all replicas.

use std::collections::BTreeMap;

use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder, Sqlite};

use super::error::StoreError;
use super::session::{Doc, Link, Session, Trouble, all, bounded, count, execute, one, read_text};
use super::statement::statements;
use super::tx::Tx;
use crate::domain::delivery::{Delivery, Outgoing};
use crate::domain::ids::DeliveryId;
use crate::domain::time::Timestamp;

statements! {
    LAST_OF_LANE on "deliveries" = "SELECT leased_by FROM deliveries \
        WHERE lane = $1 AND state = 'waiting' ORDER BY position DESC LIMIT 1";
    LANES on "deliveries" = "SELECT lane, COUNT(*), COUNT(leased_by) FROM deliveries \
        WHERE lane IN ($1, $2, $3, $4, $5, $6, $7, $8) AND state = 'waiting' GROUP BY lane";
    INSERT on "deliveries" = "INSERT INTO deliveries \
        (position, id, lane, state, since, ready_at, leased_by, attempts, error, doc) \
        VALUES ($1, $2, $3, 'waiting', $4, $5, NULL, 0, NULL, $6)";
    LEASE on "deliveries" = "UPDATE deliveries \
        SET leased_by = $1, ready_at = $2, attempts = attempts + 1 \
        WHERE position IN (SELECT position FROM deliveries WHERE ready_at IS NOT NULL AND ready_at <= $3 \
        ORDER BY ready_at, position LIMIT $4) RETURNING position, id, attempts, since, doc";
    DELIVERED on "deliveries" = "DELETE FROM deliveries WHERE id = $1 AND state = 'waiting' \
        RETURNING lane";
    GIVE_UP on "deliveries" = "UPDATE deliveries \
        SET state = 'failed', ready_at = NULL, leased_by = NULL, error = $2 \
        WHERE id = $1 AND state = 'waiting' RETURNING lane";
    NEXT_OF_LANE on "deliveries" = "UPDATE deliveries SET ready_at = $2 WHERE ready_at IS NULL \
        AND position = (SELECT MIN(position) FROM deliveries WHERE lane = $1 AND state = 'waiting')";
    RETRY on "deliveries" = "UPDATE deliveries SET leased_by = NULL, ready_at = $2, error = $3 \
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

/// As many lanes are looked at in one statement.
const LANES_AT_ONCE: usize = 8;

/// The beginning of a statement that inserts several.
const INSERT_SEVERAL: &str = "INSERT INTO deliveries \
    (position, id, lane, state, since, ready_at, leased_by, attempts, error, doc) ";

/// A row to be inserted.
struct NewRow<'d> {
    position: i64,
    id: DeliveryId,
    lane: String,
    ready: Option<Timestamp>,
    delivery: &'d Delivery,
}

type Row = (i64, String, i64, Timestamp, Doc<Delivery>);

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
        let lane = delivery.lane();
        let last = one!(self, LAST_OF_LANE, (Option<String>,), lane.as_str())?;
        if delivery.shows_state() && matches!(last, Some((None,))) {
            return Ok(());
        }
        let ready = last.is_none().then_some(AT_ONCE);
        self.head.deliveries += 1;
        let position = self.head.deliveries;
        execute!(self, INSERT, position, id.to_string(), lane, now, ready, Json(delivery)).map(drop)
    }

    /// Sends these on their way, as [`Tx::enqueue`] would one after the other, in few statements.
    /// Each must show the state at the moment of sending ([`Delivery::shows_state`]), in a lane of
    /// its own: such a lane holds one that is leased and one that waits at the most.
    pub async fn enqueue_all(
        &mut self,
        deliveries: &[(DeliveryId, Delivery)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for some in deliveries.chunks(LANES_AT_ONCE) {
            let lanes: Vec<String> = some.iter().map(|(_, delivery)| delivery.lane()).collect();
            let full = self.lanes(&lanes).await?;
            let mut rows = Vec::with_capacity(some.len());
            for ((id, delivery), lane) in some.iter().zip(lanes) {
                let ready = match full.get(&lane) {
                    Some((waiting, leased)) if waiting > leased => continue,
                    Some(_) => None,
                    None => Some(AT_ONCE),
                };
                self.head.deliveries += 1;
                let position = self.head.deliveries;
                rows.push(NewRow { position, id: *id, lane, ready, delivery });
            }
            self.insert_several(&rows, now).await?;
        }
        Ok(())
    }

    /// How many wait in each of up to eight lanes, and how many of those are leased; nothing for a
    /// lane that is empty.
    async fn lanes(
        &mut self,
        lanes: &[String],
    ) -> Result<BTreeMap<String, (i64, i64)>, StoreError> {
        // Places that are left over ask for the first lane again.
        let lane = |at: usize| lanes.get(at).or(lanes.first()).map_or("", String::as_str);
        let rows = all!(
            self,
            LANES,
            (String, i64, i64),
            lane(0),
            lane(1),
            lane(2),
            lane(3),
            lane(4),
            lane(5),
            lane(6),
            lane(7),
        )?;
        Ok(rows.into_iter().map(|(lane, waiting, leased)| (lane, (waiting, leased))).collect())
    }

    async fn insert_several(
        &mut self,
        rows: &[NewRow<'_>],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        macro_rules! insert {
            ($engine:ty, $connection:expr) => {{
                let mut query = QueryBuilder::<$engine>::new(INSERT_SEVERAL);
                query.push_values(rows, |mut values, row| {
                    values
                        .push_bind(row.position)
                        .push_bind(row.id.to_string())
                        .push_bind(row.lane.as_str())
                        .push("'waiting'")
                        .push_bind(now)
                        .push_bind(row.ready)
                        .push("NULL, 0, NULL")
                        .push_bind(Json(row.delivery));
                });
                let inserted = query.build().execute(&mut **$connection);
                bounded(self.session.limit, inserted).await.map(drop)
            }};
        }
        let outcome = match &mut self.session.link {
            Link::Sqlite(connection) => insert!(Sqlite, connection),
            Link::Postgres(connection) => insert!(Postgres, connection),
            Link::Gone => Err(Trouble::Slow),
        };
        self.session.judge(INSERT.table, outcome)?;
        self.session.touched = true;
        Ok(())
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
        let mut rows = all!(self, LEASE, Row, worker, until, wall_now, i64::from(limit))?;
        self.touched |= !rows.is_empty();
        rows.sort_by_key(|(position, ..)| *position);
        let mut leased = Vec::with_capacity(rows.len());
        for row in rows {
            let attempts = row.2.saturating_sub(1);
            leased.push(outgoing((row.0, row.1, attempts, row.3, row.4))?);
        }
        Ok(leased)
    }

    /// It has arrived; the next of its lane may go.
    pub async fn delivered(&mut self, id: DeliveryId) -> Result<(), StoreError> {
        let lane = one!(self, DELIVERED, (String,), id.to_string())?;
        self.next_of_lane(lane).await
    }

    /// It did not arrive and is tried again, not before the moment given; its lane waits.
    pub async fn retry(
        &mut self,
        id: DeliveryId,
        not_before: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        execute!(self, RETRY, id.to_string(), not_before, error).map(drop)
    }

    /// It can never arrive. It is kept to be looked at; the next of its lane may go.
    pub async fn give_up(&mut self, id: DeliveryId, error: &str) -> Result<(), StoreError> {
        let lane = one!(self, GIVE_UP, (String,), id.to_string(), error)?;
        self.next_of_lane(lane).await
    }

    async fn next_of_lane(&mut self, lane: Option<(String,)>) -> Result<(), StoreError> {
        let Some((lane,)) = lane else { return Ok(()) };
        self.touched = true;
        execute!(self, NEXT_OF_LANE, lane, AT_ONCE).map(drop)
    }

    /// The worker lives, and holds what it leased until the moment `until`.
    pub async fn renew(&mut self, worker: &str, until: Timestamp) -> Result<(), StoreError> {
        execute!(self, RENEW, worker, until).map(drop)
    }

    /// Nobody holds anything any more: for the start of the only server on a database, which may
    /// have been killed before.
    pub async fn release_all_leases(&mut self) -> Result<(), StoreError> {
        execute!(self, RELEASE_ALL, AT_ONCE).map(drop)
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
