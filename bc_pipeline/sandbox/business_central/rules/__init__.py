"""Rules of the entities that can be written, one module per kind (rules.md).

Every module of this package puts its rules into ``RULES`` when it is imported, and all of them
are imported here: a new module needs no further registration.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from bc_pipeline.sandbox.business_central.writes import RULES

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["RULES"]
