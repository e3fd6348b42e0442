"""One request to Business Central: limits, token, retries, and errors in the operator's words."""

from __future__ import annotations

import copy
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import TypeVar

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from bc_pipeline.business_central.answers import BadAnswer, decoded, encoded, error_of
from bc_pipeline.business_central.auth import AccessTokens, no_access
from bc_pipeline.business_central.retry import retry_after_seconds
from bc_pipeline.business_central.server_clock import ServerClock
from bc_pipeline.business_central.throttle import Throttle
from bc_pipeline.business_central.urls import access_intent
from bc_pipeline.errors import RequestFailed
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.http.meanings import THROTTLED, meaning
from bc_pipeline.http.oauth import BearerAuth
from bc_pipeline.http.repeating import Again, Backoff, repeated
from bc_pipeline.http.unreachable import other_place, why
from bc_pipeline.tenants.settings import Tenant

Answer = TypeVar("Answer")
_ERROR_BODY_LIMIT = 64 * 1024

log = logging.getLogger(__name__)


class TooSlow(RequestFailed):
    """BC, its gateway or the network ran out of time: ask for less at once (behaviour.md 6)."""


@dataclass(frozen=True)
class _Sent:
    """What goes out at each try of one request, besides headers and token."""

    method: str
    url: str
    content: bytes | None
    reads_only: bool
    fresh: bool


class Http:
    """Sends requests for one tenant; one connection pool, shared by its threads.

    Args:
        tenant: gives limits, time-outs and number of tries.
        session: the connection pool.
        tokens: the bearer and its renewal.
        throttle: BC's limits per user.
        backoff: between tries.
    """

    def __init__(
        self,
        tenant: Tenant,
        session: requests.Session,
        tokens: AccessTokens,
        throttle: Throttle,
        backoff: Backoff,
    ) -> None:
        self._tenant = tenant
        self._settings = tenant.business_central
        self._session = session
        self._tokens = tokens
        self._throttle = throttle
        self._backoff = backoff
        self.clock = ServerClock()
        self.counter = RequestCounter()
        self._tally: RequestCounter | None = None

    def tallied(self, tally: RequestCounter) -> Http:
        """The same connection, whose requests are counted in ``tally`` as well."""
        view = copy.copy(self)
        view._tally = tally
        return view

    def request(
        self,
        method: str,
        url: str,
        consume: Callable[[requests.Response], Answer],
        *,
        headers: MutableMapping[str, str] | None = None,
        body: object = None,
        tally: RequestCounter | None = None,
        before_retry: Callable[[RequestFailed], None] | None = None,
        reads_only: bool | None = None,
        fresh: bool = False,
    ) -> Answer:
        """Sends a request until it succeeds, must not be repeated, or the tries are used up.

        GET is repeated as behaviour.md 6 and flows.md 4 allow. Other methods are repeated only
        when BC certainly did nothing (401, 429); otherwise the failure is marked ``uncertain``.

        Args:
            method: HTTP verb.
            url: absolute.
            consume: reads a 2xx answer; raises BadAnswer to have it asked for again.
            headers: besides the standard ones; looked at before each try.
            body: sent as JSON.
            tally: counts this request too, next to ``counter``.
            before_retry: told why a try failed, before the next one.
            reads_only: it changes nothing, whatever the method; by default just GET.
            fresh: a GET has to show what was written just now, so it asks for the primary; without
                it a replica may answer, which lags behind and spares BC (platform 1).

        Returns:
            What ``consume`` returned.

        Raises:
            AuthError: BC or Entra refuses the credentials.
            Cancelled: the run was cancelled while waiting.
            RequestFailed: anything else that repeating did not or may not cure.
        """
        tallies = [c for c in (self.counter, self._tally, tally) if c is not None]
        content = None if body is None else encoded(body)
        harmless = method == "GET" if reads_only is None else reads_only
        sent = _Sent(method, url, content, harmless, fresh)

        def note(again: Again, seconds: float) -> None:
            if again.failure.status == THROTTLED:
                self._throttle.pause(seconds)
            _count(tallies, retried=1)
            log.info("trying %s again: %s", method, again)
            if before_retry:
                before_retry(again.failure)

        return repeated(
            lambda: self._attempt(sent, consume, headers or {}, tallies),
            tries=self._settings.max_attempts,
            backoff=self._backoff,
            sleep=self._throttle.wait,
            before_wait=note,
        )

    def _attempt(
        self,
        sent: _Sent,
        consume: Callable[[requests.Response], Answer],
        headers: MutableMapping[str, str],
        tallies: list[RequestCounter],
    ) -> Answer:
        """One try, and a second one with a new token when BC says 401."""
        token = self._tokens.token()
        for last in (False, True):
            with self._throttle.slot():
                _count(tallies, total=1, retried=int(last))
                try:
                    with self._send(sent, headers, token) as response:
                        self.clock.heard(response.headers.get("Date"))
                        if response.ok and not response.is_redirect:
                            return consume(response)
                        failure = self._failure(sent, response, tallies)
                except (requests.RequestException, HTTPError, BadAnswer) as error:
                    raise self._no_answer(sent, error) from None
            if failure.status != 401 or last:
                break
            token = self._tokens.renew(token)
        if failure.status and meaning("business_central", failure.status).no_access:
            raise no_access(self._tenant, failure.status, failure.code)
        raise failure

    def redacted(self, text: str) -> str:
        """``text`` without any secret of this tenant that a server may have echoed into it."""
        return self._tokens.redacted(text)

    def renew_token(self) -> None:
        """Gets another token: BC refused the current one inside an answer that was accepted.

        Raises:
            AuthError, RequestFailed: there is none to get.
        """
        self._tokens.renew(self._tokens.token())

    def _send(
        self, sent: _Sent, headers: MutableMapping[str, str], token: str
    ) -> requests.Response:
        standard = {"Accept": "application/json", "Accept-Language": "en-US"}
        if sent.content is not None:
            standard["Content-Type"] = "application/json"
        standard |= access_intent(sent.method, fresh=sent.fresh)
        return self._session.request(
            sent.method,
            sent.url,
            headers={**standard, **headers},
            data=sent.content,
            auth=BearerAuth(token),
            timeout=(self._settings.connect_timeout_seconds, self._settings.read_timeout_seconds),
            stream=True,
            # A redirect would carry the bearer to wherever the answer says.
            allow_redirects=False,
        )

    def _failure(
        self, sent: _Sent, response: requests.Response, tallies: list[RequestCounter]
    ) -> RequestFailed:
        """The answer as an error; raises Again instead when it may be repeated."""
        status = response.status_code
        code, message = _error_of(response)
        if status == THROTTLED:
            _count(tallies, throttled=1)
        message = self._tokens.redacted(message)
        if response.is_redirect:
            message = other_place(status, "business_central.api_url")
        repeatable = sent.reads_only or status == THROTTLED
        means = meaning("business_central", status, code, message)
        kind = TooSlow if means.too_slow else RequestFailed
        failure = kind(
            f"Business Central answered {status} to {sent.method} {_place(sent.url)}"
            f"{f' ({code})' if code else ''}: {message}",
            status=status,
            code=code,
            explanation=message,
            uncertain=not repeatable and means.doubt,
        )
        if repeatable and means.repeat:
            raise Again(failure, retry_after_seconds(status, response.headers))
        return failure

    def _no_answer(self, sent: _Sent, error: Exception) -> Exception:
        known = isinstance(error, BadAnswer)
        cause = str(error) if known else why(error, sent.url, "business_central.api_url")
        kind = TooSlow if _timed_out(error) else RequestFailed
        failure = kind(
            f"no usable answer from Business Central to {sent.method} {_place(sent.url)}: "
            f"{self._tokens.redacted(cause)}",
            uncertain=not sent.reads_only,
        )
        return Again(failure) if sent.reads_only else failure


def _count(tallies: list[RequestCounter], **amounts: int) -> None:
    for tally in tallies:
        tally.count(**amounts)


def _error_of(response: requests.Response) -> tuple[str | None, str]:
    """BC's error code and explanation; the body may be anything."""
    content = response.raw.read(_ERROR_BODY_LIMIT, decode_content=True) or b""
    text = content.decode("utf-8", errors="replace")
    try:
        return error_of(decoded(text))
    except ValueError:
        return error_of(text)


def _timed_out(error: Exception) -> bool:
    # While a body is being read, requests wraps urllib3's time-out in a ConnectionError.
    causes = (error, *error.args)
    return any(isinstance(cause, (requests.ReadTimeout, ReadTimeoutError)) for cause in causes)


def _place(url: str) -> str:
    """What an error names of a URL: the end of its path."""
    return url.split("?", 1)[0].rsplit("/", 1)[-1]


# What it takes to ask a tenant's Business Central anything.


class Connection(ABC):
    """One tenant's way to Business Central: HTTP, its limits, and how long to wait."""

    tenant: Tenant
    http: Http
    throttle: Throttle
    backoff: Backoff

    @property
    @abstractmethod
    def counter(self) -> RequestCounter:
        """Requests sent to Business Central so far."""

    @abstractmethod
    def api_url(self, path: str) -> str:
        """Absolute URL of something relative to the root of the standard API."""
