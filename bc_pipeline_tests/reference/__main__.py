"""Writes the pages: python -m bc_pipeline_tests.reference"""

from __future__ import annotations

from bc_pipeline_tests.reference.pages import write

if __name__ == "__main__":
    write()
