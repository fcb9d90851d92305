-- The table of a dossier. `number` counts from 1 without gaps; `previous` is the id of the record before.
-- Triggers let rows be appended at the end of the chain and nothing else. They guard against mistakes; against
-- someone who edits the file itself there is the chain of hashes, and the id of the last record kept elsewhere.
CREATE TABLE records (
    number    INTEGER PRIMARY KEY,
    id        TEXT NOT NULL UNIQUE,
    kind      TEXT NOT NULL,
    key       TEXT,
    seed      INTEGER,
    time      TEXT NOT NULL,
    previous  TEXT NOT NULL UNIQUE,
    body      TEXT NOT NULL,
    parents   TEXT NOT NULL,
    artefacts TEXT NOT NULL
) STRICT;
CREATE INDEX records_by_key ON records (kind, key);

CREATE TRIGGER only_appended BEFORE INSERT ON records
WHEN NEW.previous IS NOT coalesce((SELECT id FROM records ORDER BY number DESC LIMIT 1), '')
  OR NEW.number IS NOT coalesce((SELECT max(number) FROM records), 0) + 1
BEGIN SELECT raise(ABORT, 'a dossier only grows at its end'); END;

CREATE TRIGGER never_updated BEFORE UPDATE ON records
BEGIN SELECT raise(ABORT, 'a dossier is append-only: records are never altered'); END;

CREATE TRIGGER never_deleted BEFORE DELETE ON records
BEGIN SELECT raise(ABORT, 'a dossier is append-only: records are never deleted'); END;
