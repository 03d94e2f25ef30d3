"""Export a sentence-transformers model to ONNX: `python export_script.py MODEL OUTPUT`.

This file stands alone. It runs inside a throwaway environment that has torch, and it imports nothing of dream, which is
not installed there. It writes `model.onnx` (fp32, fused), `model.int8.onnx`, `tokenizer.json` and `export.json` (what
was found out about the model) into OUTPUT, and prints one line of progress a step.

Both graphs take `input_ids` and `attention_mask`, int64 of shape (batch, length), and give `pooled`, float32 of shape
(batch, dimensions) and unit length, and `tokens`, float32 of shape (batch, length, width). Whatever the model does
between its tokens and its sentence vector (pooling, dense layers, normalising) is inside the graph.
"""

import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import numpy as np
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.fusion_options import FusionOptions
from onnxruntime.transformers.optimizer import optimize_model
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

OPSET = 17
LONGEST = 512  # tokens; attention over more costs too much to be of use for fragments

SAMPLES = (
    "Once upon a time",
    "The lamp went out.",
    "A miller had three sons, and when he died he left them his mill, his ass and his cat.",
    "Who ferries the dead across the river when the ferryman sleeps?",
    "She counted the bells: four, five, six, and then a seventh that no tower owned.",
    "\u201cI will pay,\u201d said the tailor, \u201cbut not with what you ask.\u201d",
    "The king's daughter kept a swallow in a cage of reeds, and every night it told her the way to the sea.",
    "Salt, thread and a candle: that is what you carry over the pass, and you carry it in silence.",
    "He was neither young nor old; he had simply been left out in too much weather.",
    "Snow fell on the orchard, on the well, on the two brothers who would not speak.",
    "How does one mend a bridge that was never built?",
    "Her grandmother's key opened nothing in the house.",
    "The wolf asked for the smallest of the seven, and the goat said that it was not at home.",
    "Tell me a story about a lighthouse keeper who is afraid of the dark.",
    "a girl finds a door at the bottom of the lake",
    "The harvest failed twice, and in the third year the village sold its bell.",
    "Nobody had told the giant that he was dead.",
    "In the market they sold shadows by the yard, and the best of them came from tall men.",
    "The fox bowed, because it costs a fox nothing to bow.",
    "It rained for forty days; on the forty-first the baker went out and shut the sky.",
    "Cr\u00e8me br\u00fbl\u00e9e, na\u00efve caf\u00e9s and 12,345.67 other things!",
    "Zwei Kinder gingen in den Wald und streuten Brot.",
    "\uc61b\ub0a0 \uc61b\uc801\uc5d0 \ud55c \uc0b0\uace8 \ub9c8\uc744\uc5d0 \ub098\ubb34\uafbc\uc774 \uc0b4\uc558\uc2b5\ub2c8\ub2e4.",
    "\ud638\ub791\uc774\ub294 \uace0\uac1c\ub97c \ub118\uc744 \ub54c\ub9c8\ub2e4 \ub5a1 \ud558\ub098\ub97c \ub2ec\ub77c\uace0 \ud588\ub2e4.",
    "\u6708\u591c\u306e\u6a4b",
    "\U0001f409",
    ".",
    "The ferryman would take no coin. " * 4,
    "A rope of hair, a rope of sand, a rope of smoke; and with each she came a little nearer to the ground. " * 6,
    "The road went on, and so did she. " * 120,
)

type Progress = Callable[[str], None]
type Purpose = Literal["query", "document"]


class Graph(torch.nn.Module):
    """The whole sentence-transformers pipeline as one function of two tensors."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
        pooled = torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=-1)
        return pooled, features["token_embeddings"]
