-- What was asked at run time, and what was answered. Evaluations that were answered at the same
-- moment share a row: `doc` is a JSON array of them, sealed in the audit log by its hash. Their ids
-- follow each other from `first_id` to `last_id`.
CREATE TABLE evaluation_batches (
    id       TEXT        NOT NULL PRIMARY KEY,
    first_id TEXT        NOT NULL UNIQUE,
    last_id  TEXT        NOT NULL,
    at       TIMESTAMPTZ NOT NULL,
    sha256   TEXT        NOT NULL,
    doc      TEXT        NOT NULL
);

-- The index of live grants is read by it at the start.
CREATE INDEX grants_active ON grants (id) WHERE state = 'active';
