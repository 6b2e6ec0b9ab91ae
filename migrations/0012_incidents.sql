-- Something is wrong with an agent, and people look into it together.
CREATE TABLE incidents (
    id        TEXT        NOT NULL PRIMARY KEY,
    number    BIGINT      NOT NULL UNIQUE,
    agent_id  TEXT        NOT NULL REFERENCES agents (id),
    opened_at TIMESTAMPTZ NOT NULL,
    state     TEXT        NOT NULL,
    doc       JSONB       NOT NULL
);
CREATE INDEX incidents_agent ON incidents (agent_id, number);
CREATE INDEX incidents_open ON incidents (opened_at, id) WHERE state = 'open';

-- The review of an emergency is found from the grant that came of it.
CREATE INDEX requests_review ON requests (grant_id, number) WHERE ask = 'review';
