"""Optiply's public API v1 played in memory: several shops, as strict as the contract says."""

from bc_pipeline.sandbox.optiply.comparison import differences
from bc_pipeline.sandbox.optiply.errors import ApiError
from bc_pipeline.sandbox.optiply.server import Behaviour, OptiplySandbox
from bc_pipeline.sandbox.optiply.store import Shop

__all__ = ["ApiError", "Behaviour", "OptiplySandbox", "Shop", "differences"]
