-- What the watch keeps: one schema for SQLite and PostgreSQL. SQLite takes BYTEA and DOUBLE PRECISION as they stand; a
-- primary key of BIGINT becomes its row number, and what is written /*sqlite …*/ is for it alone (tables.py).
-- Times are Unix times in seconds. Truth is 0 or 1.

-- Exchanges, without their text. `number` counts as they arrived, from 1, and is what other tables refer to; follow it
-- to see each once. `time` is when the request came. `flags` counts the detectors that flagged it.
CREATE TABLE IF NOT EXISTS exchanges (
  number BIGINT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  time DOUBLE PRECISION NOT NULL,
  gateway TEXT NOT NULL,
  client TEXT NOT NULL,
  trace TEXT NOT NULL,
  agent TEXT NOT NULL,
  path TEXT NOT NULL,
  model TEXT NOT NULL,
  status BIGINT NOT NULL,
  ended TEXT NOT NULL,
  finish TEXT NOT NULL,
  streamed SMALLINT NOT NULL,
  messages BIGINT NOT NULL,
  prompt_tokens BIGINT,
  reply_tokens BIGINT,
  first_ms DOUBLE PRECISION,
  total_ms DOUBLE PRECISION NOT NULL,
  unread TEXT NOT NULL,
  flags BIGINT NOT NULL,
  segment BIGINT
);
CREATE INDEX IF NOT EXISTS exchanges_time ON exchanges (time, number);
CREATE INDEX IF NOT EXISTS exchanges_client ON exchanges (client, time);
CREATE INDEX IF NOT EXISTS exchanges_trace ON exchanges (trace, time) WHERE trace <> '';
CREATE INDEX IF NOT EXISTS exchanges_flagged ON exchanges (time, number) WHERE flags > 0;
CREATE INDEX IF NOT EXISTS exchanges_unsealed ON exchanges (time) WHERE segment IS NULL;

-- The messages of an exchange as JSON, personal data masked (`masked` counts the places). Goes when it expires.
CREATE TABLE IF NOT EXISTS texts (
  exchange BIGINT PRIMARY KEY,
  messages TEXT NOT NULL,
  masked BIGINT NOT NULL,
  expires DOUBLE PRECISION
);
CREATE INDEX IF NOT EXISTS texts_expires ON texts (expires) WHERE expires IS NOT NULL;

-- Detectors that ever had their say. `digest` is the detector's id; `clauses` is a JSON list.
CREATE TABLE IF NOT EXISTS detectors (
  number BIGINT PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  behaviour TEXT NOT NULL,
  needs TEXT NOT NULL,
  clauses TEXT NOT NULL,
  policy TEXT NOT NULL,
  threshold DOUBLE PRECISION NOT NULL,
  first_seen DOUBLE PRECISION NOT NULL,
  last_seen DOUBLE PRECISION NOT NULL
);

-- What a detector says of an exchange. Without a score, `why` says why; that is not evaluated, and never clean.
CREATE TABLE IF NOT EXISTS verdicts (
  exchange BIGINT NOT NULL,
  detector BIGINT NOT NULL,
  policy TEXT NOT NULL,
  threshold DOUBLE PRECISION NOT NULL,
  score DOUBLE PRECISION,
  why TEXT NOT NULL,
  flagged SMALLINT NOT NULL,
  member TEXT NOT NULL,
  microseconds DOUBLE PRECISION,
  PRIMARY KEY (exchange, detector)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX IF NOT EXISTS verdicts_flagged ON verdicts (detector, exchange) WHERE flagged = 1;

-- Scores of tokens, packed as little-endian floats of `width` bytes (2 or 4), and places found, as a JSON list of
-- {"message", "field", "start", "end", "call"} in characters of the masked text. Only where there are any.
CREATE TABLE IF NOT EXISTS token_scores (
  exchange BIGINT NOT NULL,
  detector BIGINT NOT NULL,
  width SMALLINT NOT NULL,
  scores BYTEA NOT NULL,
  spans TEXT NOT NULL,
  PRIMARY KEY (exchange, detector)
) /*sqlite WITHOUT ROWID*/;

-- Counts by minute, kept with the verdicts, in one transaction. `outcome` is `clean`, `flagged`, or why not evaluated.
-- Detector 0 counts the exchanges themselves, by how they ended.
CREATE TABLE IF NOT EXISTS counts (
  detector BIGINT NOT NULL,
  minute BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  exchanges BIGINT NOT NULL,
  PRIMARY KEY (detector, minute, outcome)
) /*sqlite WITHOUT ROWID*/;

-- What was not seen. `kind`: lost (an exchange begun that went with its gateway), missed (served, not written down, as
-- the gateway itself says), torn (the end of a gateway's file, cut off in the middle of an entry), damaged (a file
-- that cannot be read on), clock (the clock went back), silent (the gateway gave no sign of life for long).
-- `exchanges` is how many, NULL where nobody knows. Times between gateways are made from `gateways` (coverage.py).
CREATE TABLE IF NOT EXISTS coverage (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  gateway TEXT NOT NULL,
  exchange TEXT NOT NULL,
  begun DOUBLE PRECISION NOT NULL,
  ended DOUBLE PRECISION NOT NULL,
  exchanges BIGINT,
  why TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS coverage_begun ON coverage (begun);

-- Gateways, with their last sign of life. `closed` is when one ended in order; `ended` that its journal is read out.
CREATE TABLE IF NOT EXISTS gateways (
  id TEXT PRIMARY KEY,
  serves TEXT NOT NULL,
  opened DOUBLE PRECISION NOT NULL,
  seen DOUBLE PRECISION NOT NULL,
  closed DOUBLE PRECISION,
  ended SMALLINT NOT NULL
);

-- Exchanges that have begun and are not yet carried.
CREATE TABLE IF NOT EXISTS begun (
  id TEXT PRIMARY KEY,
  gateway TEXT NOT NULL,
  time DOUBLE PRECISION NOT NULL
);

-- How far the files of the journal are in the store. A finished file is in it whole, and is deleted after that.
CREATE TABLE IF NOT EXISTS journals (
  name TEXT PRIMARY KEY,
  position BIGINT NOT NULL,
  finished SMALLINT NOT NULL
);

-- Exchanges that a person looked at. `violation` is NULL where they could not tell; `probability` is that with which
-- the exchange was drawn.
CREATE TABLE IF NOT EXISTS audits (
  exchange TEXT NOT NULL,
  behaviour TEXT NOT NULL,
  who TEXT NOT NULL,
  time DOUBLE PRECISION NOT NULL,
  violation SMALLINT,
  probability DOUBLE PRECISION NOT NULL,
  stratum TEXT NOT NULL,
  PRIMARY KEY (exchange, behaviour, who)
);

-- What must not be deleted. `kind` is exchange, client, trace or detector, `value` its id, name or digest.
CREATE TABLE IF NOT EXISTS holds (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  who TEXT NOT NULL,
  why TEXT NOT NULL,
  placed DOUBLE PRECISION NOT NULL,
  lifted DOUBLE PRECISION,
  lifted_by TEXT NOT NULL
);

-- What was deleted: of which exchange, by which rule, and the SHA-256 of what stood there. `place` is `store`, or the
-- segment.
CREATE TABLE IF NOT EXISTS tombstones (
  exchange TEXT NOT NULL,
  place TEXT NOT NULL,
  what TEXT NOT NULL,
  time DOUBLE PRECISION NOT NULL,
  rule TEXT NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (exchange, place, what)
);

-- Sealed segments (segments.py).
CREATE TABLE IF NOT EXISTS segments (
  number BIGINT PRIMARY KEY,
  begun DOUBLE PRECISION NOT NULL,
  ended DOUBLE PRECISION NOT NULL,
  exchanges BIGINT NOT NULL,
  digest TEXT NOT NULL
);
