"""The one-time export of the embedding model, and the folder it leaves behind."""

from dream.retrieval.export.exported import ensure_model
from dream.retrieval.export.manifest import Manifest, find_model, model_folder

__all__ = ["Manifest", "ensure_model", "find_model", "model_folder"]
