"""A directory for what is nobody's business, gone at the end however the command ends."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bc_pipeline.cli.ending import ended_like_ctrl_c


@contextmanager
def private_directory(purpose: str) -> Iterator[Path]:
    """An empty directory of ours alone, taken away afterwards, also when the process is told to
    end or its terminal is closed: that ends the block like Ctrl-C.

    Args:
        purpose: a word for its name.

    Raises:
        KeyboardInterrupt: it is to end.
    """
    with (
        ended_like_ctrl_c(),
        tempfile.TemporaryDirectory(prefix=f"bc-pipeline-{purpose}-") as name,
    ):
        yield Path(name)
