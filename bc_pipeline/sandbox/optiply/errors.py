"""The one error the played Optiply answers with."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A request Optiply refuses.

    Args:
        status: HTTP status of the answer.
        message: what the client finds in ``errors[0].meta.message``.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def body(self) -> dict[str, Any]:
        """The answer's body in JSON:API's error shape (optiply.md 4)."""
        return {"errors": [{"status": str(self.status), "meta": {"message": self.message}}]}
