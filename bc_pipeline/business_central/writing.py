"""Requests that change Business Central, one by one or as ``$batch`` (behaviour.md 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests

from bc_pipeline.business_central.answers import BadAnswer, record
from bc_pipeline.business_central.batch import BatchMode, Part, PartAnswer, send_batch
from bc_pipeline.business_central.transport import Connection
from bc_pipeline.business_central.urls import is_absent, query_url
from bc_pipeline.errors import RequestFailed

ANY_VERSION = "*"
"""As ``If-Match``: whatever the record looks like by now."""


class Writing(Connection):
    """The writing half of ``BusinessCentral``.

    Every method sends once: it is repeated only where BC certainly did nothing (401, 429).
    Otherwise ``RequestFailed.uncertain`` says that BC may have done it, and a look into BC has to
    come before a second try. The body may hold Decimals and dates.
    """

    def post(
        self, url: str, body: Mapping[str, Any], *, expand: str | None = None
    ) -> dict[str, Any]:
        """Makes a record, its children included when the body nests them: all or nothing.

        Args:
            url: absolute, of the collection.
            body: properties of the record; lists of children by the name of their navigation.
            expand: navigations the answer shall carry as well.

        Returns:
            The record as BC stored it, decimals as ``Decimal``.

        Raises:
            AuthError, Cancelled, RequestFailed: see the class.
        """
        place = query_url(url, {"$expand": expand} if expand else {})
        return self.http.request("POST", place, record, body=body)

    def patch(
        self, url: str, body: Mapping[str, Any], *, etag: str = ANY_VERSION
    ) -> dict[str, Any]:
        """Changes the properties of a record that the body names.

        Args:
            url: absolute, of the record.
            body: properties to change; children cannot be nested (behaviour.md 4).
            etag: the version that may be changed; another one is refused with 409.

        Returns:
            The record as BC stored it, decimals as ``Decimal``.

        Raises:
            AuthError, Cancelled, RequestFailed: see the class.
        """
        return self.http.request("PATCH", url, record, headers={"If-Match": etag}, body=body)

    def delete(self, url: str, *, etag: str = ANY_VERSION) -> None:
        """Deletes a record; one that BC says is not there counts as deleted.

        Raises:
            AuthError, Cancelled, RequestFailed: see the class.
        """
        try:
            self.http.request("DELETE", url, _nothing, headers={"If-Match": etag})
        except RequestFailed as error:
            if not is_absent(error, of_record=True):
                raise

    def action(self, url: str) -> None:
        """Runs a bound action, such as ``purchaseInvoices(id)/Microsoft.NAV.post``.

        Raises:
            AuthError, Cancelled, RequestFailed: see the class.
        """
        self.http.request("POST", url, _nothing)

    def batch(
        self, parts: Sequence[Part], *, mode: BatchMode = "independent"
    ) -> dict[str, PartAnswer]:
        """Many requests in few, each answered; see ``batch.send_batch``."""
        return send_batch(self, parts, mode=mode)


def _nothing(response: requests.Response) -> None:
    """Success without content: 204.

    Raises:
        BadAnswer: it is something else, such as the words of a proxy in between.
    """
    if response.status_code != requests.codes.no_content:
        raise BadAnswer(f"the answer is not 204 but {response.status_code}")
