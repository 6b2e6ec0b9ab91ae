-- The first tables. One text for SQLite and PostgreSQL: TEXT, BIGINT, BOOLEAN, TIMESTAMPTZ, JSONB.
-- What is looked up is a column; `doc` keeps the whole entity as JSON.

-- One row: the last line of the audit log and the counters. Whoever writes holds it (on PostgreSQL
-- by FOR UPDATE), so that writers of all replicas come one after the other.
CREATE TABLE chain_head (
    only_row   BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    seq        BIGINT NOT NULL,
    hash       TEXT   NOT NULL,
    requests   BIGINT NOT NULL,
    deliveries BIGINT NOT NULL
);
INSERT INTO chain_head (only_row, seq, hash, requests, deliveries) VALUES (1, 0, '', 0, 0);

CREATE TABLE events (
    seq         BIGINT      NOT NULL PRIMARY KEY,
    at          TIMESTAMPTZ NOT NULL,
    body        TEXT        NOT NULL,
    hash_before TEXT        NOT NULL,
    hash        TEXT        NOT NULL,
    agent_id    TEXT,
    request_id  TEXT,
    grant_id    TEXT
);
CREATE INDEX events_agent ON events (agent_id, seq) WHERE agent_id IS NOT NULL;
CREATE INDEX events_request ON events (request_id, seq) WHERE request_id IS NOT NULL;
CREATE INDEX events_grant ON events (grant_id, seq) WHERE grant_id IS NOT NULL;

CREATE TABLE agents (
    id            TEXT        NOT NULL PRIMARY KEY,
    slug          TEXT        NOT NULL,
    owner         TEXT        NOT NULL,
    team          TEXT        NOT NULL,
    tier          BIGINT      NOT NULL,
    state         TEXT        NOT NULL,
    registered_at TIMESTAMPTZ NOT NULL,
    doc           JSONB       NOT NULL
);
-- A name is taken once; it is free again when the registration came to nothing.
CREATE UNIQUE INDEX agents_slug ON agents (slug) WHERE state <> 'rejected';
CREATE INDEX agents_owner ON agents (owner);

CREATE TABLE requests (
    id        TEXT        NOT NULL PRIMARY KEY,
    number    BIGINT      NOT NULL UNIQUE,
    agent_id  TEXT        NOT NULL REFERENCES agents (id),
    asked_by  TEXT        NOT NULL,
    asked_at  TIMESTAMPTZ NOT NULL,
    ask       TEXT        NOT NULL,
    access    TEXT,
    grant_id  TEXT,
    tier      BIGINT      NOT NULL,
    decide_by TIMESTAMPTZ NOT NULL,
    state     TEXT        NOT NULL,
    ended_at  TIMESTAMPTZ,
    by_people BOOLEAN     NOT NULL,
    doc       JSONB       NOT NULL
);
CREATE INDEX requests_open ON requests (asked_at, number) WHERE state = 'open';
CREATE INDEX requests_agent ON requests (agent_id, number);
CREATE INDEX requests_asker ON requests (asked_by, number) WHERE state = 'open';
CREATE INDEX requests_grant ON requests (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX requests_waits ON requests (tier, ended_at) WHERE by_people = TRUE;

-- One person, one word on one request: the database's own guard.
CREATE TABLE votes (
    request_id TEXT        NOT NULL REFERENCES requests (id),
    person     TEXT        NOT NULL,
    approve    BOOLEAN     NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (request_id, person)
);

-- One approval opens one grant: the database's own guard.
CREATE TABLE grants (
    id         TEXT        NOT NULL PRIMARY KEY,
    number     BIGINT      NOT NULL UNIQUE,
    agent_id   TEXT        NOT NULL REFERENCES agents (id),
    request_id TEXT        NOT NULL UNIQUE REFERENCES requests (id),
    resource   TEXT        NOT NULL,
    access     TEXT        NOT NULL,
    starts_at  TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    state      TEXT        NOT NULL,
    doc        JSONB       NOT NULL
);
CREATE INDEX grants_live ON grants (expires_at, id, starts_at) WHERE state = 'active';
CREATE INDEX grants_agent ON grants (agent_id, access);

CREATE TABLE cards (
    id         TEXT  NOT NULL PRIMARY KEY,
    request_id TEXT  NOT NULL REFERENCES requests (id),
    channel    TEXT,
    ts         TEXT,
    doc        JSONB NOT NULL
);
CREATE INDEX cards_request ON cards (request_id, id);
CREATE INDEX cards_message ON cards (channel, ts) WHERE channel IS NOT NULL;

CREATE TABLE deadlines (
    id      TEXT        NOT NULL PRIMARY KEY,
    at      TIMESTAMPTZ NOT NULL,
    subject TEXT        NOT NULL,
    doc     JSONB       NOT NULL
);
CREATE INDEX deadlines_at ON deadlines (at, id);
CREATE INDEX deadlines_subject ON deadlines (subject);

-- `position` is the order of writing. `ready_at` is set for the first waiting one of each lane
-- alone: the moment from which a worker may take it (the end of the lease, while one holds it).
CREATE TABLE deliveries (
    position  BIGINT      NOT NULL PRIMARY KEY,
    id        TEXT        NOT NULL UNIQUE,
    lane      TEXT        NOT NULL,
    state     TEXT        NOT NULL,
    since     TIMESTAMPTZ NOT NULL,
    ready_at  TIMESTAMPTZ,
    leased_by TEXT,
    attempts  BIGINT      NOT NULL,
    error     TEXT,
    doc       JSONB       NOT NULL
);
CREATE INDEX deliveries_ready ON deliveries (ready_at, position) WHERE ready_at IS NOT NULL;
CREATE INDEX deliveries_lane ON deliveries (lane, position) WHERE state = 'waiting';
CREATE INDEX deliveries_leased ON deliveries (leased_by) WHERE leased_by IS NOT NULL;

-- What was done once and must not be done again: ids of clicks, of envelopes.
CREATE TABLE once_keys (
    name TEXT        NOT NULL PRIMARY KEY,
    at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX once_keys_at ON once_keys (at);

-- The people who opened App Home, whose view is kept true.
CREATE TABLE homes (
    person TEXT NOT NULL PRIMARY KEY
);

CREATE TABLE policy_in_force (
    only_row BIGINT      NOT NULL PRIMARY KEY CHECK (only_row = 1),
    digest   TEXT        NOT NULL,
    at       TIMESTAMPTZ NOT NULL
);
