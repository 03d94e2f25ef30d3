"""dream as a model behind OpenAI's own wire: /v1/chat/completions and /v1/models, for programs that speak it already.

A model is a corpus (`dream/<corpus>`). Nothing that a client sends reaches the rules: its messages are what a reader
says. Programs sign in with an API token of an account, as with OpenAI's keys.
"""

from __future__ import annotations

from flask import Blueprint

compatible = Blueprint("compatible", __name__, url_prefix="/v1")

from dream.web.compatible import chat, errors, models  # noqa: E402, F401  # each registers its own on `compatible`
