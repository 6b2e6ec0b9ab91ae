-- What was found in the workspace and elsewhere: bots, apps, workflows, service accounts, keys. `slug` is
-- the name as an agent's would be written; `told` names the message by which security was told of it.
CREATE TABLE discoveries (
    id          TEXT  NOT NULL PRIMARY KEY,
    source      TEXT  NOT NULL,
    external_id TEXT  NOT NULL,
    slug        TEXT,
    state       TEXT  NOT NULL,
    agent_id    TEXT,
    asked_of    TEXT,
    told        TEXT,
    doc         JSONB NOT NULL,
    UNIQUE (source, external_id)
);
CREATE INDEX discoveries_state ON discoveries (state, id);
CREATE INDEX discoveries_external ON discoveries (external_id, state);
CREATE INDEX discoveries_slug ON discoveries (slug, state);
CREATE INDEX discoveries_agent ON discoveries (agent_id);
CREATE INDEX discoveries_asked ON discoveries (asked_of, state);
CREATE INDEX discoveries_told ON discoveries (told, state);
