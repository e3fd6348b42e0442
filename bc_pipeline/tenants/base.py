"""What all settings have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of all settings: unknown keys are an error, so a typo never becomes a default."""

    # A number written without quotes (a client id, an account name) is still text.
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)
