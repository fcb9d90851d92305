-- What rates need beside the store's own tables. Written as the store's schema is.

-- How detectors did on labelled transcripts, as JSON, by their digest.
CREATE TABLE IF NOT EXISTS calibrations (
  digest TEXT PRIMARY KEY,
  body TEXT NOT NULL
);

-- How exchanges are drawn for audit, from one exchange on. `commitment` is the SHA-256 of the key that draws; `reviewers`
-- how many must agree; `behaviours` a JSON list. A design is never altered, only followed by another.
CREATE TABLE IF NOT EXISTS audit_designs (
  number BIGINT PRIMARY KEY,
  begun DOUBLE PRECISION NOT NULL,
  first_exchange BIGINT NOT NULL,
  random_slice DOUBLE PRECISION NOT NULL,
  budget DOUBLE PRECISION NOT NULL,
  reviewers BIGINT NOT NULL,
  behaviours TEXT NOT NULL,
  commitment TEXT NOT NULL
);

-- Plans of a design: above `threshold` everything is audited. `planned_on` counts the exchanges that it was made from.
CREATE TABLE IF NOT EXISTS audit_plans (
  design BIGINT NOT NULL,
  number BIGINT NOT NULL,
  time DOUBLE PRECISION NOT NULL,
  threshold DOUBLE PRECISION,
  at_threshold DOUBLE PRECISION NOT NULL,
  planned_on BIGINT NOT NULL,
  PRIMARY KEY (design, number)
);

-- Every decision, as it was made. `exchange` is the exchange's number, `task` the id of the first exchange of its task,
-- `draw` the keyed hash of that as a number from 0 to 1; it is chosen where that lies below `probability`.
CREATE TABLE IF NOT EXISTS audit_draws (
  exchange BIGINT PRIMARY KEY,
  id TEXT NOT NULL,
  design BIGINT NOT NULL,
  plan BIGINT NOT NULL,
  task TEXT NOT NULL,
  ratio DOUBLE PRECISION NOT NULL,
  probability DOUBLE PRECISION NOT NULL,
  stratum TEXT NOT NULL,
  draw DOUBLE PRECISION NOT NULL,
  chosen SMALLINT NOT NULL,
  time DOUBLE PRECISION NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_draws_chosen ON audit_draws (exchange) WHERE chosen = 1;
CREATE INDEX IF NOT EXISTS audit_draws_id ON audit_draws (id);
