"""A stand-in for Microsoft Entra, Business Central and Optiply, over real HTTP on loopback.

It is strict where the real systems are, keeps all state in memory and lets tests, the demo and
people change data, move the clock and inject faults.
"""

from bc_pipeline.sandbox.business_central.limits import LimitSettings
from bc_pipeline.sandbox.server import Sandbox

__all__ = ["LimitSettings", "Sandbox"]
