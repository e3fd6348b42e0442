"""The command line: ``bc-pipeline``, also ``python -m bc_pipeline`` (DESIGN.md 7)."""

from bc_pipeline.cli.main import main

__all__ = ["main"]
