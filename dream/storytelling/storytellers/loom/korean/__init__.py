"""The Korean craft of the loom: `weave` plans a scene and tells it in 문어체, with every particle agreeing."""

from __future__ import annotations

from dream.storytelling.storytellers.loom.korean.scene import weave

__all__ = ["weave"]
