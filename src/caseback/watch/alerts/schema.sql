-- Alerts and their delivery. Written as the store's schema is.

-- One row an alert. `fingerprint` is what it is about; one of it is open at a time. `labels` and `detail` are JSON.
-- `calm` is since when its condition has been away; of one that a person resolved, whether it has been away since.
CREATE TABLE IF NOT EXISTS alerts (
  id TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  kind TEXT NOT NULL,
  labels TEXT NOT NULL,
  severity TEXT NOT NULL,
  summary TEXT NOT NULL,
  detail TEXT NOT NULL,
  opened DOUBLE PRECISION NOT NULL,
  last_seen DOUBLE PRECISION NOT NULL,
  acknowledged DOUBLE PRECISION,
  acknowledged_by TEXT NOT NULL,
  resolved DOUBLE PRECISION,
  resolved_by TEXT NOT NULL,
  calm DOUBLE PRECISION
);
CREATE UNIQUE INDEX IF NOT EXISTS alerts_open ON alerts (fingerprint) WHERE resolved IS NULL;
CREATE INDEX IF NOT EXISTS alerts_of ON alerts (fingerprint, opened);

-- What is to be told to whom. `event` is firing or resolved. `due` is when it is tried next; `ended` is delivered or
-- given up, empty while neither.
CREATE TABLE IF NOT EXISTS deliveries (
  alert TEXT NOT NULL,
  receiver TEXT NOT NULL,
  event TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  due DOUBLE PRECISION NOT NULL,
  tried DOUBLE PRECISION,
  ended TEXT NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (alert, receiver, event)
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due) WHERE ended = '';
