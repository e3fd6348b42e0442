"""What almost every test would otherwise make anew, made once by a worker and copied: an empty
snapshot, and an empty Dagster instance. A copy is opened as any existing one is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from bc_pipeline.snapshot.store import FILE_NAME, Snapshot


class Templates:
    """What is copied; ``copying`` says whether it is.

    Args:
        directory: where the templates stand.
    """

    def __init__(self, directory: Path) -> None:
        self.copying = True
        self._directory = directory
        Snapshot.open(directory).close()

    def copy_snapshots(self, patch: pytest.MonkeyPatch) -> None:
        """From now on ``Snapshot.open`` makes a new snapshot by copying an empty one."""
        patch.setattr(Snapshot, "open", partial(self._opened, Snapshot.open))

    def copy_instance(self, home: Path) -> None:
        """Gives BC_PIPELINE_HOME ``home`` an empty Dagster instance, for ``open_instance``."""
        from bc_pipeline.orchestration import instance  # takes a second, and few tests need it

        template = self._directory / "dagster"
        if not template.exists():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(instance.HOME_VARIABLE, str(template))
                with instance.open_instance(self._directory):
                    pass
        shutil.copytree(template, instance.dagster_home(home))

    def _opened(
        self, make: Callable[..., Snapshot], directory: Path, *, read_only: bool = False, **how: Any
    ) -> Snapshot:
        path = directory / FILE_NAME
        if self.copying and not read_only and not path.exists():
            _place(self._directory / FILE_NAME, path)
        return make(directory, read_only=read_only, **how)


def _place(template: Path, path: Path) -> None:
    """A copy, unless somebody was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    copy = path.with_name(f"{path.name}.{uuid4().hex}")
    shutil.copyfile(template, copy)
    try:
        os.link(copy, path)
    except FileExistsError:
        pass
    finally:
        copy.unlink()
