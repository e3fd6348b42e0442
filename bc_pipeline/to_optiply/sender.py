"""The body of a write, and repeating it without what Optiply refuses by name (optiply.md 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bc_pipeline import clock
from bc_pipeline.catalogue.resources import Resource
from bc_pipeline.errors import RequestFailed
from bc_pipeline.optiply.client import Optiply
from bc_pipeline.optiply.messages import BAD_EMAIL
from bc_pipeline.snapshot.learned import Learned
from bc_pipeline.to_optiply.attribute_values import SYNCED_TO, Values, moment_text, on_the_wire

INVALID = {400, 422}


class Sender:
    """Sends the attributes of one resource.

    Args:
        optiply: the account.
        resource: how each attribute is sent.
        learned: about the account, read and updated here.
    """

    def __init__(self, optiply: Optiply, resource: Resource, learned: Learned) -> None:
        self._optiply = optiply
        self._resource = resource
        self._learned = learned
        self._kinds = {attribute.name: attribute for attribute in resource.attributes}

    def body(self, values: Mapping[str, Any], *, posting: bool = False) -> dict[str, Any]:
        """Attributes as they go over the wire."""
        sent = {
            name: on_the_wire(self._kinds[name], value) if name in self._kinds else value
            for name, value in values.items()
        }
        if posting and self._resource.account_attribute:
            sent["accountId"] = self._optiply.account_id
        if not self._learned.omit_synced_to:
            sent[SYNCED_TO] = moment_text(clock.now())
        return sent

    def patch(self, record_id: int, values: Values) -> Values:
        """PATCH, leaving out what Optiply refuses by name. Returns what was left out."""
        refused: Values = {}
        while True:
            left = {n: v for n, v in values.items() if n not in refused}
            if not left:
                return refused
            body = self.body(left)
            try:
                self._optiply.patch(self._resource.path, record_id, body)
            except RequestFailed as error:
                remedy = self.remedy(error, left, body)
                if remedy is None:
                    raise
                refused.update(remedy)
                continue
            return refused

    def remedy(self, error: RequestFailed, sent: Values, body: Mapping[str, Any]) -> Values | None:
        """What to leave out so that a refused request may be repeated once more; None when there
        is nothing to leave out (optiply.md 4, mapping.md 1.7)."""
        text = error.explanation or ""
        if error.status not in INVALID:
            return None
        if SYNCED_TO in text and SYNCED_TO in body:
            self._learned.omit_synced_to = True
            return {}
        if BAD_EMAIL in text and sent.get("emails"):
            return {"emails": sent["emails"]}
        cleared = {name: None for name, value in sent.items() if value is None}
        return cleared or None
