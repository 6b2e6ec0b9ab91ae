-- The reviews by which owners keep their agents at work.
CREATE TABLE certifications (
    id          TEXT        NOT NULL PRIMARY KEY,
    agent_id    TEXT        NOT NULL REFERENCES agents (id),
    state       TEXT        NOT NULL,
    due         TIMESTAMPTZ NOT NULL,
    opened_at   TIMESTAMPTZ NOT NULL,
    doc         JSONB       NOT NULL
);
CREATE INDEX certifications_agent ON certifications (agent_id, id);
-- An agent has one review at a time.
CREATE UNIQUE INDEX certifications_open ON certifications (agent_id) WHERE state = 'open';

-- How often each grant opened something, and how often a token carried it. Told by the log: whoever
-- counts moves `use_mark` to the last line that is counted, in the same transaction.
CREATE TABLE grant_use (
    grant_id   TEXT        NOT NULL PRIMARY KEY,
    agent_id   TEXT        NOT NULL,
    uses       BIGINT      NOT NULL,
    last_at    TIMESTAMPTZ,
    tokens     BIGINT      NOT NULL,
    carried_at TIMESTAMPTZ
);
CREATE INDEX grant_use_agent ON grant_use (agent_id);

-- What each agent asked and told on each day (UTC).
CREATE TABLE agent_use (
    agent_id TEXT        NOT NULL,
    day      TEXT        NOT NULL,
    allowed  BIGINT      NOT NULL,
    denied   BIGINT      NOT NULL,
    deeds    BIGINT      NOT NULL,
    last_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (agent_id, day)
);

CREATE TABLE use_mark (
    only_row BIGINT NOT NULL PRIMARY KEY,
    seq      BIGINT NOT NULL
);
