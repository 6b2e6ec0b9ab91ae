-- What agents did, as they or the services that they work through tell it. `doc` is the JSON that the
-- audit log seals by its hash; the columns beside it are for finding it.
CREATE TABLE activities (
    id            TEXT        NOT NULL PRIMARY KEY,
    agent_id      TEXT        NOT NULL REFERENCES agents (id),
    evaluation_id TEXT,
    grant_id      TEXT,
    at            TIMESTAMPTZ NOT NULL,
    sha256        TEXT        NOT NULL,
    doc           TEXT        NOT NULL
);
CREATE INDEX activities_agent ON activities (agent_id, id);
CREATE INDEX activities_evaluation ON activities (evaluation_id, id) WHERE evaluation_id IS NOT NULL;
CREATE INDEX activities_grant ON activities (grant_id, id) WHERE grant_id IS NOT NULL;

-- What was told under an Idempotency-Key, so that the same call sent twice is answered in the same way
-- and counts once. `name` is a hash of the caller and the key, `sha256` that of what was told.
CREATE TABLE activity_keys (
    name   TEXT        NOT NULL PRIMARY KEY,
    sha256 TEXT        NOT NULL,
    at     TIMESTAMPTZ NOT NULL,
    doc    JSONB       NOT NULL
);
CREATE INDEX activity_keys_at ON activity_keys (at);

-- Who allowed an agent is found from the agent.
CREATE INDEX requests_registration ON requests (agent_id, number) WHERE ask = 'registration';
