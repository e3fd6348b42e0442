"""What may be asked of the person who connects a tenant, and how whoever asks looks like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Reply = TypeVar("Reply")


@dataclass(frozen=True)
class Question(Generic[Reply]):
    """One question; asked only where nothing else tells.

    Attributes:
        text: of one line.
        flag: what answers it on the command line instead.
        read: the reply's meaning; raises ValueError or ConfigError with what is wrong, and it is
            asked again.
        choices: numbered from 1 in front of the question.
        hidden: the reply is not shown while it is typed.
        default: the reply that nothing stands for; None: there has to be one.
    """

    text: str
    flag: str
    read: Callable[[str], Reply]
    choices: tuple[str, ...] = ()
    hidden: bool = False
    default: str | None = None


class Person(Protocol):
    """Who connects the tenant."""

    def ask(self, question: Question[Reply]) -> Reply:
        """The reply.

        Raises:
            ConfigError: nobody may be asked; names the flag.
        """

    def tell(self, text: str) -> None:
        """A line about what is going on."""

    def browse(self, address: str) -> None:
        """Show the sign-in in a browser; where there is none, the address is told."""

    def paste(self) -> str:
        """The address the browser was sent back to, typed in by the person."""


def numbered(choices: int) -> Callable[[str], int]:
    """Reads the number of one of the choices, from 1; gives its index."""

    def read(text: str) -> int:
        if not text.strip().isdecimal() or not 1 <= int(text) <= choices:
            raise ValueError(f"type a number from 1 to {choices}")
        return int(text) - 1

    return read
