-- Who agents are: what they prove themselves with, what was issued to them, and the server's own keys.

CREATE TABLE credentials (
    id          TEXT        NOT NULL PRIMARY KEY,
    agent_id    TEXT        NOT NULL REFERENCES agents (id),
    proof       TEXT        NOT NULL,
    fingerprint TEXT        NOT NULL,
    issuer      TEXT,
    expires_at  TIMESTAMPTZ NOT NULL,
    state       TEXT        NOT NULL,
    doc         JSONB       NOT NULL
);
CREATE INDEX credentials_agent ON credentials (agent_id, id);
CREATE INDEX credentials_fingerprint ON credentials (fingerprint) WHERE state = 'active';
CREATE INDEX credentials_issuer ON credentials (issuer) WHERE state = 'active';

-- Never the tokens themselves: what they rest on, by the id that they carry.
CREATE TABLE tokens (
    id       TEXT        NOT NULL PRIMARY KEY,
    agent_id TEXT        NOT NULL REFERENCES agents (id),
    until    TIMESTAMPTZ NOT NULL,
    doc      JSONB       NOT NULL
);
CREATE INDEX tokens_until ON tokens (until);

-- `sealed` is the private half, encrypted; empty where a file holds it.
CREATE TABLE signing_keys (
    kid         TEXT        NOT NULL PRIMARY KEY,
    algorithm   TEXT        NOT NULL,
    public      TEXT        NOT NULL,
    sealed      TEXT,
    made_at     TIMESTAMPTZ NOT NULL,
    signs_from  TIMESTAMPTZ NOT NULL,
    signs_until TIMESTAMPTZ NOT NULL,
    shown_until TIMESTAMPTZ NOT NULL,
    retired     BOOLEAN     NOT NULL
);
