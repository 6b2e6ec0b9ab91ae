-- Who answers in whose place, and until when.
CREATE TABLE delegations (
    id          TEXT        NOT NULL PRIMARY KEY,
    from_person TEXT        NOT NULL,
    to_person   TEXT        NOT NULL,
    until       TIMESTAMPTZ NOT NULL,
    state       TEXT        NOT NULL,
    doc         JSONB       NOT NULL
);
CREATE INDEX delegations_from ON delegations (from_person, until) WHERE state = 'active';
CREATE INDEX delegations_to ON delegations (to_person, until) WHERE state = 'active';
CREATE INDEX delegations_until ON delegations (until) WHERE state = 'active';

-- A request that was denied is appealed once: the database's own guard.
ALTER TABLE requests ADD COLUMN appeal_of TEXT;
CREATE UNIQUE INDEX requests_appeal_of ON requests (appeal_of) WHERE appeal_of IS NOT NULL;
