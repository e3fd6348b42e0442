"""One DuckDB for all snapshots that a process of tests opens: starting one takes six times as long
as opening a file, and tests open thousands. The tests of ``snapshot`` start one each, as programs
do."""

from __future__ import annotations

import itertools
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import duckdb


@dataclass
class _File:
    """A file that is open."""

    name: str
    path: Path
    read_only: bool
    connections: set[int] = field(default_factory=set)


class OneDuckDB:
    """Opens files as ``duckdb.connect`` does."""

    def __init__(self) -> None:
        self._root = duckdb.connect()
        self._guard = threading.RLock()
        self._numbers = itertools.count(1)
        self._files: dict[Path, _File] = {}

    def connect(self, path: Path, read_only: bool) -> Connection:
        """The first connection to a file opens it; it is closed with the last one."""
        path = path.resolve()
        with self._guard:
            file = self._files.get(path)
            if file is None:
                file = _File(f"snapshot_{next(self._numbers)}", path, read_only)
                quoted = str(path).replace("'", "''")
                mode = " (READ_ONLY)" if read_only else ""
                self._root.execute(f"ATTACH '{quoted}' AS {file.name}{mode}")
                self._files[path] = file
            elif file.read_only != read_only:
                raise duckdb.ConnectionException(f"{path} is open with a different configuration")
            return Connection(self, file)

    def opened(self, file: _File, number: int) -> duckdb.DuckDBPyConnection:
        """A connection to a file that is open."""
        with self._guard:
            real = self._root.cursor()
            real.execute(f"USE {file.name}")
            file.connections.add(number)
            return real

    def closed(self, file: _File, number: int) -> None:
        """One connection less."""
        with self._guard:
            file.connections.discard(number)
            if not file.connections and self._files.get(file.path) is file:
                del self._files[file.path]
                with suppress(duckdb.Error):  # what cannot be stored stays in the log, untold
                    self._root.execute(f"DETACH {file.name}")


_numbers = itertools.count(1)


class Connection:
    """A connection to one file, or a cursor of it: what ``duckdb.connect`` gives."""

    def __init__(self, of: OneDuckDB, file: _File) -> None:
        self._of, self._file, self._number = of, file, next(_numbers)
        self._real = of.opened(file, self._number)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()

    def cursor(self) -> Connection:
        return Connection(self._of, self._file)

    def close(self) -> None:
        self._real.close()
        self._of.closed(self._file, self._number)
