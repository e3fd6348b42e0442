"""Faults on demand: what goes wrong between a client and the systems it talks to.

A fault is matched by system, method and path; it lets ``after`` matching requests pass and then
strikes ``times`` times (None: always). With ``operation=True`` it looks at the operations inside
``$batch`` requests instead, and only kinds that answer by themselves or close the connection can
be used; the latter end the batch there, what ran before stays as if its answer was lost. Kinds:

=======================  ==========================================================================
``status``               answer ``status`` with ``body`` and ``headers`` instead of handling
``throttled``            429, with ``Retry-After`` when ``retry_after`` is given
``unavailable``          503, same
``deadlock``             409 ``Internal_ServerError`` as Business Central reports a lost lock
``try_again``            400 "Please try again later."
``expired_token``        401 as the system answers it
``delay``                handle after ``seconds``
``drop``                 close the connection before handling
``apply_then_drop``      handle, then close the connection: applied, the answer is lost
``apply_then_fail``      handle, then answer ``status`` as if it had failed
``apply_then_refuse``    handle, then refuse it as Business Central refuses by a rule: 400
``part_then_refuse``     a bound action of Business Central commits its first part, such as the
                         receipt of ``receiveAndInvoice``, then refuses; one without parts: all
``apply_then_empty``     handle, then answer its status without a body
``apply_then_not_json``  handle, then answer its status with an HTML page
``truncate``             send half of the answer, then close the connection
``cut``                  send half of the answer as if it were whole
``not_json``             200 with an HTML page
``empty``                200 without a body
``token_error``          an OAuth2 ``error`` such as ``interaction_required``; 400 or ``status``
``alter``                handle, then answer with the ``properties`` given here in place of its own
``no_value``             200 with JSON that has no ``value``
``repeat_next_link``     answer a page whose nextLink is the request itself
``foreign_next_link``    answer a page whose nextLink leads to ``host``
``path_next_link``       answer a page's nextLink as a path, without scheme and host
=======================  ==========================================================================
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from bc_pipeline.sandbox.json_text import JsonValue

Refused = Literal[
    "status", "throttled", "unavailable", "deadlock", "try_again", "expired_token", "drop"
]
Applied = Literal["apply_then_drop", "apply_then_fail", "apply_then_refuse"]
Spoilt = Literal[
    "apply_then_empty",
    "apply_then_not_json",
    "truncate",
    "cut",
    "alter",
    "repeat_next_link",
    "foreign_next_link",
    "path_next_link",
]
Kind = Literal[
    Refused,
    Applied,
    Spoilt,
    "delay",
    "part_then_refuse",
    "not_json",
    "empty",
    "no_value",
    "token_error",
]

# Kinds that let the request be handled and only then spoil the answer.
HANDLED: frozenset[Kind] = frozenset((*get_args(Applied), *get_args(Spoilt)))
# Kinds that can strike one operation of a batch.
OF_OPERATIONS: frozenset[Kind] = frozenset(
    (*get_args(Refused), *get_args(Applied), "part_then_refuse")
)
# What is answered where the fault names no status.
_STATUS: dict[Kind, int] = {"apply_then_refuse": 400, "token_error": 400}


class Cut(Exception):
    """An operation of a batch was struck by a fault that closes the connection."""


@dataclass
class Fault:
    """One injected fault; ``seen`` counts matching requests, ``hits`` those it struck."""

    id: int
    action: Kind
    system: str | None = None
    method: str | None = None
    path: re.Pattern[str] | None = None
    after: int = 0
    times: int | None = 1
    status: int = 0
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    retry_after: float | None = None
    host: str = "http://elsewhere.invalid"
    error: str = "server_error"
    properties: Mapping[str, Any] = field(default_factory=dict)
    writes: bool | None = None
    operation: bool = False
    call: Callable[[], object] | None = None
    seen: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        self.status = self.status or _STATUS.get(self.action, 500)

    def matches(self, system: str, method: str, target: str, *, operation: bool = False) -> bool:
        """Whether the request, or the operation of a batch, is one this fault looks at."""
        return (
            self.operation is operation
            and self.system in (None, system)
            and self.method in (None, method)
            and self.writes in (None, method not in ("GET", "HEAD"))
            and (self.path is None or self.path.search(target) is not None)
        )

    def as_json(self) -> dict[str, Any]:
        """What a person needs to see of it."""
        shown = ("id", "action", "system", "method", "path", "operation", "after", "times")
        told = {name: getattr(self, name) for name in (*shown, "seen", "hits")}
        return told | {"path": self.path.pattern if self.path else None}


class Faults:
    """The faults in force; safe to change while requests are running."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def add(
        self,
        system: str | None = None,
        *,
        action: Kind,
        method: str | None = None,
        path: str | None = None,
        after: int = 0,
        times: int | None = 1,
        **options: JsonValue,
    ) -> Fault:
        """Put a fault in force and return it, to read its ``hits`` later.

        Args:
            system: ``bc``, ``entra`` or ``optiply``; None for all.
            action: one of the kinds above.
            method: HTTP method in capitals; None for all.
            path: regular expression searched in ``path?query`` (decoded).
            after: matching requests to let pass first.
            times: how often to strike; None for always.
            options: of the kind: ``status``, ``body``, ``headers``, ``seconds``,
                ``retry_after`` (seconds), ``host``, ``error``, ``properties``. And for every
                kind: ``writes`` (True: only requests that are no GET, a ``$batch`` always among
                them), ``operation`` (look into batches, ``path`` is then the relative URL),
                ``call`` (a function called when the fault strikes: before a request that is not
                handled, after one that is; not for operations).

        Raises:
            ValueError: unknown kind, or not one for operations.
        """
        if action not in get_args(Kind):
            raise ValueError(f"unknown fault {action!r}")
        if options.get("operation") and action not in OF_OPERATIONS:
            raise ValueError(f"{action!r} cannot strike an operation of a batch")
        pattern = re.compile(path) if path else None
        with self._lock:
            fault = Fault(next(self._ids), action, system, method, pattern, after, times, **options)
            self._faults.append(fault)
            return fault

    def remove(self, fault: Fault) -> None:
        """End one fault."""
        with self._lock:
            self._faults.remove(fault)

    def clear(self) -> None:
        """End all faults."""
        with self._lock:
            self._faults.clear()

    def strike(
        self, system: str, method: str, target: str, *, operation: bool = False
    ) -> Fault | None:
        """The fault that strikes this request or operation, if any; counts it."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(system, method, target, operation=operation):
                    continue
                fault.seen += 1
                due = fault.seen > fault.after
                if due and (fault.times is None or fault.hits < fault.times):
                    fault.hits += 1
                    return fault
            return None

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults))
