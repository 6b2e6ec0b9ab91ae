-- Tasks: by which programs follow what they asked for. A task's items follow requests; `request_key`
-- is the Idempotency-Key of the program, `body_hash` what came with it.
CREATE TABLE tasks (
    id          TEXT        NOT NULL PRIMARY KEY,
    agent_id    TEXT        NOT NULL REFERENCES agents (id),
    submitter   TEXT        NOT NULL,
    request_key TEXT,
    body_hash   TEXT        NOT NULL,
    expires_at  TIMESTAMPTZ NOT NULL,
    doc         JSONB       NOT NULL
);
-- One key, one task: the database's own guard.
CREATE UNIQUE INDEX tasks_key ON tasks (submitter, request_key) WHERE request_key IS NOT NULL;
CREATE INDEX tasks_expiry ON tasks (expires_at);

CREATE TABLE task_items (
    task_id       TEXT   NOT NULL REFERENCES tasks (id),
    position      BIGINT NOT NULL,
    request_id    TEXT   NOT NULL REFERENCES requests (id),
    evaluation_id TEXT   NOT NULL,
    PRIMARY KEY (task_id, position)
);
CREATE INDEX task_items_request ON task_items (request_id);
CREATE INDEX task_items_evaluation ON task_items (evaluation_id);
