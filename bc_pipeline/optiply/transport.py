"""Sending one request to Optiply: pace, token, retries, and what an answer means
(optiply.md 1, 2, 4, 5).

What may be repeated is repeated here. A POST that may have been applied is not: it ends as
``RequestFailed(uncertain=True)`` and the caller looks for the record first (flows.md 4). A PATCH is
repeated; one that never had a readable answer ends the same way: nothing is confirmed
(decisions 42).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

import orjson
import requests
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bc_pipeline.errors import AuthError, Cancelled, RequestFailed
from bc_pipeline.http.counting import RequestCounter
from bc_pipeline.http.meanings import THROTTLED, meaning
from bc_pipeline.http.oauth import UNREADABLE, BearerAuth, succeeded, token_in
from bc_pipeline.http.repeating import Again, Answer, Backoff, repeated
from bc_pipeline.http.retry_after import asked_to_wait
from bc_pipeline.http.session import new_session
from bc_pipeline.http.unreachable import other_place, why
from bc_pipeline.optiply.auth import OptiplyAuth
from bc_pipeline.optiply.limiter import RateLimiter
from bc_pipeline.optiply.messages import TOKEN_STILL_VALID, WRONG_CREDENTIALS, error_message
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.values import storable_json

MEDIA_TYPE = "application/vnd.api+json"
LONGEST_WAIT_SECONDS = 600.0
BACKOFF = Backoff(base_seconds=0.5, cap_seconds=30)
"""Up to 0.5, 1, 2, 4 ... 30 seconds."""


@dataclass(frozen=True)
class Request:
    """One request, as the retry loop repeats it."""

    method: str
    url: str
    params: Mapping[str, str | int]
    body: Mapping[str, Any] | None
    counter: RequestCounter

    @property
    def repeatable(self) -> bool:
        """Sending it twice does the same as sending it once."""
        return self.method != "POST"

    @property
    def changes(self) -> bool:
        """Without a success, what Optiply has now is not known."""
        return self.method in ("POST", "PATCH")

    @property
    def name(self) -> str:
        """How messages call it: no query, no host."""
        return f"{self.method} {self.url.split('//', 1)[-1].split('/', 1)[-1].split('?')[0]}"


class Transport:
    """One HTTP session, one pace and one token for all threads of a tenant's run."""

    def __init__(self, tenant: Tenant, tokens: TokenStore, cancel: threading.Event) -> None:
        settings = tenant.optiply
        self._attempts = settings.max_attempts
        self._timeout = (settings.connect_timeout_seconds, settings.read_timeout_seconds)
        self._cancel = cancel
        self._slots = threading.BoundedSemaphore(settings.max_concurrent_requests)
        self._session = new_session(settings.max_concurrent_requests)
        self.limiter = RateLimiter(settings.requests_per_second, sleep=self.sleep)
        self.auth = OptiplyAuth(tenant, tokens, self._post_token_request)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def sleep(self, seconds: float) -> None:
        """Wait; raises Cancelled as soon as the run is cancelled."""
        if self._cancel.wait(max(0.0, seconds)):
            raise Cancelled("the run was cancelled")

    def send(self, request: Request) -> Any:  # noqa: ANN401 - any JSON
        """Send until answered, and return the parsed answer (None where there is none).

        Raises:
            RequestFailed: refused, or no success within the attempts; ``uncertain`` when it is a
                POST or PATCH that may have been applied.
            AuthError: the credentials or the token are refused for good.
            Cancelled: the run was cancelled while waiting.
        """
        tries = count(1)
        return self._repeated(lambda: self._attempt(request, again=next(tries) > 1))

    def _repeated(self, ask: Callable[[], Answer]) -> Answer:
        return repeated(ask, tries=self._attempts, backoff=BACKOFF, sleep=self.sleep)

    def back_off(self, attempt: int) -> None:
        """Wait before repeating, in the caller's own loop, what failed ``attempt`` times."""
        self.sleep(BACKOFF.seconds(attempt))

    def _attempt(self, request: Request, *, again: bool) -> Any:  # noqa: ANN401 - any JSON
        token = self.auth.token()
        response = self._exchange(request, token, again=again)
        if response.status_code == requests.codes.unauthorized:
            if WRONG_CREDENTIALS in response.text:
                raise AuthError("credentials broken: Optiply does not know this user")
            token = self.auth.renew(token)
            response = self._exchange(request, token, again=True)
            if response.status_code == requests.codes.unauthorized:
                raise AuthError(f"{request.name}: Optiply refuses a token it has just issued")
        return self._judge(request, response)

    def _exchange(self, request: Request, token: str, *, again: bool) -> requests.Response:
        """One HTTP exchange; failures without an answer become RequestFailed or Again."""
        if self._cancel.is_set():
            raise Cancelled("the run was cancelled")
        body = (
            None
            if request.body is None
            else orjson.dumps(storable_json(request.body), default=_exact)
        )
        ticket = self.limiter.acquire()
        with self._slots:
            request.counter.count(total=1, retried=int(again))
            try:
                response = self._session.request(
                    request.method,
                    request.url,
                    params=storable_json(request.params) or None,
                    data=body,
                    headers={"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE},
                    auth=BearerAuth(token),
                    timeout=self._timeout,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise _lost(request, error) from None
        if response.status_code == THROTTLED:
            request.counter.count(throttled=1)
            pause = _retry_after(response)
            self.limiter.slow_down(ticket, pause or 0.0)
            raise Again(_failure(request, response), pause)
        return response

    def _judge(self, request: Request, response: requests.Response) -> Any:  # noqa: ANN401
        status = response.status_code
        if 200 <= status < 300:
            answer = _parsed(response)
            if _is_success(request, response, answer):
                return answer
            # A gateway's page, or nothing at all: nothing says that Optiply did it.
            raise _failed_or_again(request, _unreadable(request, response))
        failure = _failure(request, response)
        if meaning("optiply", status).doubt:
            raise _failed_or_again(request, failure, _retry_after(response))
        raise failure

    def _post_token_request(
        self, url: str, form: dict[str, str], client: HTTPBasicAuth
    ) -> requests.Response:
        """A token request; repeated while Optiply is busy or unreachable."""
        return self._repeated(lambda: self._asked_for_token(url, form, client))

    def _asked_for_token(
        self, url: str, form: dict[str, str], client: HTTPBasicAuth
    ) -> requests.Response:
        try:
            response = self._session.post(
                url, data=form, auth=client, timeout=self._timeout, allow_redirects=False
            )
        except requests.RequestException as error:
            cause = why(error, url, "optiply.login_url")
            raise Again(RequestFailed(f"no answer from Optiply's sign-in: {cause}")) from None
        status = response.status_code
        lost = succeeded(response) and token_in(response) is None
        busy = lost or meaning("optiply", status).repeat
        if not busy or TOKEN_STILL_VALID in response.text:
            return response
        text = UNREADABLE if lost else error_message(response.text)
        raise Again(
            RequestFailed(f"Optiply's token endpoint answered {status}: {text}", status=status)
        )


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} cannot be sent")


def _lost(request: Request, error: requests.RequestException) -> Exception:
    """What a request without a complete answer means."""
    failure = RequestFailed(
        f"{request.name}: no answer from Optiply: {why(error, request.url, 'optiply.api_url')}",
        uncertain=request.changes and not _never_sent(error),
    )
    return _failed_or_again(request, failure)


def _failed_or_again(
    request: Request, failure: RequestFailed, pause: float | None = None
) -> Exception:
    """Repeated, unless that could do something twice."""
    may_repeat = request.repeatable or not failure.uncertain
    return Again(failure, pause) if may_repeat else failure


def _never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _failure(request: Request, response: requests.Response) -> RequestFailed:
    status = response.status_code
    redirect = 300 <= status < 400
    text = other_place(status, "optiply.api_url") if redirect else error_message(response.text)
    return RequestFailed(
        f"{request.name}: HTTP {status}: {text}",
        status=status,
        explanation=text,
        uncertain=request.changes and meaning("optiply", status).doubt,
    )


def _unreadable(request: Request, response: requests.Response) -> RequestFailed:
    return RequestFailed(
        f"{request.name}: HTTP {response.status_code}, but the answer is not readable",
        status=response.status_code,
        uncertain=request.changes,
    )


def _parsed(response: requests.Response) -> Any:  # noqa: ANN401 - any JSON
    """The answer as JSON; None when it is none."""
    try:
        return storable_json(json.loads(response.content, parse_float=Decimal))
    except ValueError:
        return None


def _is_success(request: Request, response: requests.Response, answer: Any) -> bool:  # noqa: ANN401
    """Whether an answer with a status of success says that Optiply did it: it has the row or rows
    asked for in ``data``. Anything else is neither success nor "no rows" (decisions 41-42), but
    where there is nothing to show there may be no body."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if isinstance(data, list) or (isinstance(data, dict) and data.get("id") is not None):
        return True
    if request.method == "DELETE":
        return answer is not None or not response.content.strip()
    return request.method == "PATCH" and response.status_code == requests.codes.no_content


def _retry_after(response: requests.Response) -> float | None:
    return asked_to_wait(response.headers, longest=LONGEST_WAIT_SECONDS)
