-- Incidents. Written as the store's schema is. Nothing that was said is kept here: texts go when the store lets them go.

-- `grouped` is by what its exchanges belong together: trace, matched, text, alone. `detector` is the
-- detector's digest, `clauses` a JSON list. `duplicate_of` is an incident's id; `decided_at` its exchanges at that time.
-- `round` counts how often it was opened again.
CREATE TABLE IF NOT EXISTS incidents (
  id TEXT PRIMARY KEY,
  detector TEXT NOT NULL,
  name TEXT NOT NULL,
  behaviour TEXT NOT NULL,
  clauses TEXT NOT NULL,
  grouped TEXT NOT NULL,
  opened DOUBLE PRECISION NOT NULL,
  first_seen DOUBLE PRECISION NOT NULL,
  last_seen DOUBLE PRECISION NOT NULL,
  exchanges BIGINT NOT NULL,
  state TEXT NOT NULL,
  taken_by TEXT NOT NULL,
  duplicate_of TEXT NOT NULL,
  decided DOUBLE PRECISION,
  decided_at BIGINT NOT NULL,
  round BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS incidents_state ON incidents (state, last_seen);

-- Their exchanges. `signature` is the MinHash of what was said, as little-endian integers of four bytes.
CREATE TABLE IF NOT EXISTS incident_exchanges (
  incident TEXT NOT NULL,
  exchange TEXT NOT NULL,
  time DOUBLE PRECISION NOT NULL,
  score DOUBLE PRECISION,
  signature BYTEA,
  PRIMARY KEY (incident, exchange)
);
CREATE INDEX IF NOT EXISTS incident_exchanges_of ON incident_exchanges (exchange);

-- What finds the incident that an exchange belongs to: its trace, its matched text, or a band of its signature.
CREATE TABLE IF NOT EXISTS incident_keys (
  detector TEXT NOT NULL,
  key TEXT NOT NULL,
  incident TEXT NOT NULL,
  PRIMARY KEY (detector, key, incident)
);

-- How far the flagged exchanges have been grouped: the number of the last one.
CREATE TABLE IF NOT EXISTS incident_cursor (
  name TEXT PRIMARY KEY,
  position BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS incident_reviews (
  incident TEXT NOT NULL,
  round BIGINT NOT NULL,
  who TEXT NOT NULL,
  time DOUBLE PRECISION NOT NULL,
  verdict TEXT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (incident, round, who)
);

-- What a detector says of a whole trace, all agents of it together.
CREATE TABLE IF NOT EXISTS trace_verdicts (
  trace TEXT NOT NULL,
  detector TEXT NOT NULL,
  exchanges BIGINT NOT NULL,
  last_exchange TEXT NOT NULL,
  time DOUBLE PRECISION NOT NULL,
  score DOUBLE PRECISION,
  why TEXT NOT NULL,
  flagged SMALLINT NOT NULL,
  spans TEXT NOT NULL,
  PRIMARY KEY (trace, detector)
);
