-- People who log in on devices (agent-cli). Of secrets only hashes; `user_code` is there while it can be
-- typed, and `person` since somebody has answered. `over_at` is the moment from which on nothing can come
-- of it any more.
CREATE TABLE logins (
    id          TEXT        NOT NULL PRIMARY KEY,
    device_code TEXT        NOT NULL,
    user_code   TEXT,
    person      TEXT,
    state       TEXT        NOT NULL,
    over_at     TIMESTAMPTZ NOT NULL,
    doc         JSONB       NOT NULL
);
CREATE UNIQUE INDEX logins_device_code ON logins (device_code);
CREATE UNIQUE INDEX logins_user_code ON logins (user_code) WHERE user_code IS NOT NULL;
CREATE INDEX logins_person ON logins (person, id) WHERE state = 'live';
CREATE INDEX logins_over ON logins (over_at);

-- Every access and refresh token that a login was given, by its hash: one that is used again is known.
CREATE TABLE login_tokens (
    hash     TEXT NOT NULL PRIMARY KEY,
    login_id TEXT NOT NULL REFERENCES logins (id)
);
CREATE INDEX login_tokens_login ON login_tokens (login_id);
