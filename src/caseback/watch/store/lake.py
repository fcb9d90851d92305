"""DuckDB over the sealed segments and what the store holds beyond them, for questions about all of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caseback.errors import CasebackError
from caseback.watch.store import manifest
from caseback.watch.store.segments import TABLES, place, rows_of, schema_of, verify
from caseback.watch.store.store import Store


def open_lake(store: Store, folder: Path) -> Any:
    """A DuckDB connection with the tables ``exchanges``, ``verdicts`` and ``texts``, sealed or not; each row once.

    Raises:
        CasebackError: DuckDB or pyarrow is not installed, or a segment was tampered with: which.
    """
    try:
        import duckdb
        import pyarrow
    except ImportError:
        raise CasebackError("questions to sealed segments need DuckDB: pip install 'caseback[lake]'") from None
    if wrong := verify(folder, store):
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise CasebackError(f"{wrong[0]}{more}; restore it from a copy")
    base = duckdb.connect(":memory:")
    hot = store.query("SELECT number FROM exchanges WHERE segment IS NULL ORDER BY number")
    numbers = [int(row["number"]) for row in hot]
    sealed = sorted(manifest.latest(manifest.lines(folder)))
    for name, sql in TABLES.items():
        base.register(
            f"hot_{name}", pyarrow.Table.from_pylist(list(rows_of(store, sql, numbers)), schema=schema_of(name))
        )
        paths = [str(place(folder, number) / f"{name}.parquet") for number in sealed]
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        sealed_rows = f"SELECT * FROM read_parquet([{listed}]) UNION ALL " if paths else ""
        base.execute(f"CREATE VIEW {name} AS {sealed_rows}SELECT * FROM hot_{name}")
    return base


def rows_in_lake(store: Store, folder: Path, sql: str) -> tuple[list[str], list[Sequence[str | float | None]]]:
    """Names of the columns, and the rows, of a question in DuckDB's SQL; bytes are hexadecimal.

    Raises:
        CasebackError: as ``open_lake``, or DuckDB does not understand the question.
    """
    base = open_lake(store, folder)
    import duckdb

    with base:
        try:
            asked = base.execute(sql)
            if asked is None:
                raise CasebackError("the question is empty: write SQL, such as SELECT count(*) FROM exchanges")
            return [each[0] for each in asked.description], [tuple(map(_value, row)) for row in asked.fetchall()]
        except duckdb.Error as error:
            raise CasebackError(f"{sql[:80]!r}: {' '.join(str(error).split())}") from None


def _value(value: Any) -> str | float | None:
    if value is None or isinstance(value, str | int | float):
        return value
    return value.hex() if isinstance(value, bytes) else str(value)
