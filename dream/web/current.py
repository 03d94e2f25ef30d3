"""The service that this request belongs to."""

from __future__ import annotations

from typing import cast

from flask import current_app

from dream.service import Service


def service() -> Service:
    return cast(Service, current_app.extensions["dream"])
