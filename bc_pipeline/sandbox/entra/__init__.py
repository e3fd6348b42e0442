"""Microsoft Entra, as far as clients of Business Central need it (behaviour.md 1): discovery,
sign-in of a person in the browser or with a device code, and the token endpoints v1 and v2.0."""

from __future__ import annotations

from bc_pipeline.sandbox.entra.directory import Directory
from bc_pipeline.sandbox.entra.records import AccessToken, Application, Person
from bc_pipeline.sandbox.entra.service import Entra

__all__ = ["AccessToken", "Application", "Directory", "Entra", "Person"]
