"""`Part`: the base of what a profile's file holds. Unknown keys are refused, values are final."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
