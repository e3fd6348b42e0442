"""Environments of one tenant: production, and copies of it that go their own ways (platform 6)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from bc_pipeline.sandbox.bookkeeping.numbers import forget_numbers
from bc_pipeline.sandbox.business_central.replica import set_lag
from bc_pipeline.sandbox.business_central.urls import environment_missing
from bc_pipeline.sandbox.company.company import Company

Kind = Literal["Production", "Sandbox"]


@dataclass
class Environment:
    """One environment.

    Attributes:
        companies: by name.
        marked: the companies as they were when a point to go back to was marked.
    """

    name: str
    kind: Kind = "Production"
    companies: dict[str, Company] = field(default_factory=dict)
    marked: dict[str, Company] = field(default_factory=dict)


class Environments(dict[str, Environment]):
    """Environments by name; the first one is the main one."""

    @property
    def main(self) -> Environment:
        """The one whose companies the sandbox is seeded with."""
        return next(iter(self.values()))

    def called(self, name: str) -> Environment:
        """The environment a URL names, in any case.

        Raises:
            BcError: 404, there is none.
        """
        for known, environment in self.items():
            if known.lower() == name.lower():
                return environment
        raise environment_missing(name)

    def copy_to(self, name: str, source: str | None = None, kind: Kind = "Sandbox") -> Environment:
        """A new environment like another one (the main one when None is named): its companies
        keep their ids, their data is its own from now on.

        Raises:
            ValueError: there is one of this name.
            KeyError: no such source.
        """
        if name.lower() in (known.lower() for known in self):
            raise ValueError(f"environment {name} exists")
        origin = self.main if source is None else self[source]
        companies = {key: each.copy(seed=name) for key, each in origin.companies.items()}
        self[name] = Environment(name, kind, companies)
        return self[name]

    def rename(self, name: str, to: str) -> None:
        """Give an environment another name; everything in it stays."""
        items = [
            (to, replace(env, name=to)) if key == name else (key, env) for key, env in self.items()
        ]
        self.clear()
        self.update(items)

    def mark(self, name: str | None = None) -> None:
        """Remember how the companies of an environment are now, to be restored later."""
        environment = self.main if name is None else self[name]
        environment.marked = {key: each.twin() for key, each in environment.companies.items()}

    def restore(self, name: str | None = None) -> None:
        """Take an environment back to the point marked: what happened since never happened, and
        its numbers are given out again.

        Raises:
            ValueError: no point was marked.
        """
        environment = self.main if name is None else self[name]
        if not environment.marked:
            raise ValueError(f"no point was marked in environment {environment.name}")
        for key in [key for key in environment.companies if key not in environment.marked]:
            del environment.companies[key]
        for key, past in environment.marked.items():
            company = environment.companies.setdefault(key, past.twin())
            replica = company.replica
            set_lag(company, 0)
            company.become(past)
            forget_numbers(company)
            if replica is not None:
                set_lag(company, replica.seconds, heeds_parts=replica.heeds_parts)
