"""Writes unified journal entries as general journals, and posts them (target_behaviour.md 8, 10;
rules.md 6)."""

from bc_pipeline.outbound.general_journal_lines.write import complete, needs, validate, write

__all__ = ["complete", "needs", "validate", "write"]
