"""The command line: ``bc-pipeline``, also ``python -m bc_pipeline``."""

from bc_pipeline.cli.main import main

__all__ = ["main"]
