"""The account that a program acts for."""

from __future__ import annotations

from pydantic import BaseModel, Field

from dream.web.api import api
from dream.web.auth import actor
from dream.web.operation import operation


class AccountAnswer(BaseModel):
    name: str | None = Field(description="None for a reader without an account.")
    role: str
    scopes: list[str] = Field(description="What this token, or this browser, may do: read, tell, author, admin.")


@api.get("/account")
@operation("Who you are here, and what you may do", scope="read", answer=AccountAnswer)
def account() -> AccountAnswer:
    asking = actor()
    return AccountAnswer(name=asking.name or None, role=asking.role, scopes=sorted(asking.scopes))
