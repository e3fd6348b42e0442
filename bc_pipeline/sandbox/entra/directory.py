"""Entra tenants: who owns applications, users and a Business Central."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

# Addresses that name no tenant: whoever signs in decides.
SHARED = ("common", "organizations", "consumers")


@dataclass(frozen=True)
class Directory:
    """One Entra tenant, named in addresses by its id or by one of its domains."""

    domains: tuple[str, ...]

    @property
    def id(self) -> str:
        """The tenant's GUID, derived from its first domain."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"bc_pipeline/sandbox/{self.domains[0]}"))

    def is_named(self, name: str) -> bool:
        """Whether an address means this tenant; case does not matter."""
        return name.lower() in (self.id, *self.domains)


# The tenant that owns the sandbox's Business Central.
HOME = Directory(("cronus.example", "wholesale.example"))
