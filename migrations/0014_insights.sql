-- What ended when, and how: the numbers of a month and of a week are read from this index alone, also
-- where the table has millions of rows.
CREATE INDEX requests_ended ON requests (ended_at, state, by_people, tier, ask) WHERE ended_at IS NOT NULL;
-- The grants that ended in a month, with their use.
CREATE INDEX grants_ended ON grants (expires_at, id) WHERE state <> 'active';
