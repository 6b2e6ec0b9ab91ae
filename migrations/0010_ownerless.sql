-- Agents that nobody answers for: found at once among many, whenever those who may take them look.
ALTER TABLE agents ADD COLUMN ownerless BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX agents_ownerless ON agents (slug) WHERE ownerless = TRUE;
