"""Asking the person at the terminal: on stderr, so that stdout stays for what a command tells."""

from __future__ import annotations

import getpass
import os
import sys
import webbrowser
from pathlib import Path
from typing import TypeVar

import click

from bc_pipeline.cli.output import message
from bc_pipeline.connecting.questions import Question
from bc_pipeline.errors import ConfigError

Reply = TypeVar("Reply")

CREDENTIALS_VARIABLE = "BC_PIPELINE_OPTIPLY_CREDENTIALS"
CREDENTIALS_HELP = (
    "File with client_id, client_secret, username, password and coupling_id, as JSON or a line "
    f"each; - for stdin; or {CREDENTIALS_VARIABLE}."
)


class Terminal:
    """The person at the terminal, or at the other end of a pipe.

    Args:
        may_ask: False where flags have to tell everything.
    """

    def __init__(self, *, may_ask: bool) -> None:
        self._may_ask = may_ask

    def ask(self, question: Question[Reply]) -> Reply:
        """See ``Person``."""
        if not self._may_ask:
            raise _unanswered(question)
        for number, choice in enumerate(question.choices, 1):
            message(f"  {number}. {choice}")
        default = f" [{question.default}]" if question.default is not None else ""
        while True:
            end = " " if question.text.endswith(("?", ")")) else ": "
            text = self._line(f"{question.text}{default}{end}", hidden=question.hidden)
            if text is None:
                raise _unanswered(question)
            if not text.strip() and question.default is not None:
                text = question.default
            try:
                return question.read(text)
            except (ValueError, ConfigError) as error:
                message(f"  {error}")

    def tell(self, text: str) -> None:
        """See ``Person``."""
        message(text)

    def browse(self, address: str) -> None:
        """See ``Person``."""
        try:
            opened = webbrowser.open(address)
        except (webbrowser.Error, OSError):
            opened = False
        if opened:
            message("Sign in at Microsoft, in the browser. If it does not open, this is the page:")
        else:
            message("Open this address in the browser of this machine, sign in and accept:")
        message(f"\n  {address}\n")

    def paste(self) -> str:
        """See ``Person``."""
        text = self._line(
            "Then paste the address the browser was sent back to (the page need not load; not "
            "shown): ",
            hidden=True,
        )
        if not text:
            raise ConfigError("no address was pasted; nothing was written")
        return text

    def _line(self, prompt: str, *, hidden: bool) -> str | None:
        """One line; None when nobody is there."""
        if hidden and sys.stdin.isatty():
            return getpass.getpass(prompt, stream=sys.stderr)
        click.echo(prompt, err=True, nl=False)
        line = sys.stdin.readline()
        if not sys.stdin.isatty():
            message("")
        return line.rstrip("\r\n") if line else None


def _unanswered(question: Question[Reply]) -> ConfigError:
    return ConfigError(f"{question.text}: nobody may be asked, so give {question.flag}")


def read_secret(flag: str, file: str | None, variable: str) -> str | None:
    """What a secret flag points to, else what the environment holds."""
    if file is None:
        return os.environ.get(variable, "").strip() or None
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8-sig")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or no name of a file
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        # Some give the secret itself instead of its file: what was given is not repeated.
        raise ConfigError(
            f"{flag} names a file, or - for stdin; what was given cannot be read as one ({reason})"
        ) from None
    if not text.strip():
        raise ConfigError(f"{flag}: {'stdin' if file == '-' else file} is empty")
    return text.strip()
