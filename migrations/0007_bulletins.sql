-- Notices that are kept true: while what they tell of changes, every copy is changed with it. `about`
-- names what they tell of; channel and ts are there once the message is.
CREATE TABLE bulletins (
    id      TEXT  NOT NULL PRIMARY KEY,
    about   TEXT  NOT NULL,
    channel TEXT,
    ts      TEXT,
    doc     JSONB NOT NULL
);
CREATE INDEX bulletins_about ON bulletins (about, id);
CREATE INDEX bulletins_message ON bulletins (channel, ts) WHERE channel IS NOT NULL;
