-- Which agents a group of evaluations names, so that what one agent asked is found without reading what
-- all others did. Written behind the hot path, where the groups are counted; one that is missing here
-- is read itself. `agents` are their ids, with a space between them.
CREATE TABLE asked_agents (
    first_id TEXT NOT NULL PRIMARY KEY,
    agents   TEXT NOT NULL
);
