"""The errors a run can end with, in the words an operator reads.

``kind`` is the word used in the JSON of ``sync`` (``problems[].kind``) and in Dagster metadata.
Messages never hold secrets: they are built from names, numbers, statuses and error codes only.
"""

from __future__ import annotations


class PipelineError(Exception):
    """Base of every error that has been foreseen; ``str(error)`` is fit for an operator."""

    kind = "failed"


class ConfigError(PipelineError):
    """The configuration cannot work: a key is missing or wrong, a company does not match."""

    kind = "config"


class AuthError(PipelineError):
    """A system refused the credentials; a person must act. Never retried (behaviour.md 1)."""

    kind = "auth"


class CannotStore(PipelineError):
    """A file could not be written: the disk is full, read-only, or not ours to write on."""

    kind = "storage"


class TenantBusy(PipelineError):
    """Another run of this tenant holds the tenant lock (flows.md 1)."""

    kind = "busy"


class Cancelled(PipelineError):
    """The run was interrupted; work in flight was finished, the rest was left."""

    kind = "cancelled"


class ReadFailed(PipelineError):
    """A read of Business Central did not complete; the mirror is as it was before."""

    kind = "read"


class RequestFailed(PipelineError):
    """A remote system answered with an error that retrying did not cure.

    Args:
        message: what was asked and what was answered, without secrets.
        status: HTTP status, or None when no answer came.
        code: BC's ``error.code``; None when it gave none, and of Optiply, which has none.
        explanation: what the system itself said, without ours around it, or None.
        uncertain: True when a write may have been applied although no success was seen.
    """

    kind = "failed"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        explanation: str | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.explanation = explanation
        self.uncertain = uncertain


class EntityFailed(PipelineError):
    """One entity of a run failed; entities that do not depend on it went on."""


class EntityBlocked(PipelineError):
    """An entity was not started because one it depends on failed."""

    kind = "blocked"


class RecordError(PipelineError):
    """One record cannot be written as it is; the others go on (target_behaviour.md 3).

    Args:
        error_class: as in the results file, such as ``RecordNotFound``.
        message: in the operator's words.
    """

    kind = "quarantined"

    def __init__(self, error_class: str, message: str) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.message = message
