-- Users and groups that the identity provider pushes (SCIM 2.0). `user_name` and `name_key` are in small
-- letters: they are unique whatever the case. `person` is who the user is in the workspace, once found by
-- e-mail; `to_match` marks those who are still to be looked for.
CREATE TABLE idp_users (
    id          TEXT    NOT NULL PRIMARY KEY,
    user_name   TEXT    NOT NULL,
    external_id TEXT,
    active      BOOLEAN NOT NULL,
    person      TEXT,
    to_match    BOOLEAN NOT NULL,
    doc         JSONB   NOT NULL
);
CREATE UNIQUE INDEX idp_users_user_name ON idp_users (user_name);
CREATE INDEX idp_users_external_id ON idp_users (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX idp_users_person ON idp_users (person) WHERE person IS NOT NULL;
CREATE INDEX idp_users_to_match ON idp_users (id) WHERE to_match;

CREATE TABLE idp_groups (
    id           TEXT  NOT NULL PRIMARY KEY,
    name_key     TEXT  NOT NULL,
    display_name TEXT  NOT NULL,
    external_id  TEXT,
    doc          JSONB NOT NULL
);
CREATE UNIQUE INDEX idp_groups_name_key ON idp_groups (name_key);
CREATE INDEX idp_groups_display_name ON idp_groups (display_name);
CREATE INDEX idp_groups_external_id ON idp_groups (external_id) WHERE external_id IS NOT NULL;

CREATE TABLE idp_members (
    group_id TEXT NOT NULL REFERENCES idp_groups (id),
    user_id  TEXT NOT NULL REFERENCES idp_users (id),
    PRIMARY KEY (group_id, user_id)
);
CREATE INDEX idp_members_user ON idp_members (user_id);

-- What people's tokens said of their groups: a row a group, and `at` is when the token was made. A row
-- with an empty name says that the person is in no group.
CREATE TABLE idp_claims (
    person     TEXT        NOT NULL,
    issuer     TEXT        NOT NULL,
    group_name TEXT        NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (person, issuer, group_name)
);
CREATE INDEX idp_claims_group ON idp_claims (group_name, issuer, at);
