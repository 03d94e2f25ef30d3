"""Export a sentence-transformers model to ONNX: `python export_script.py MODEL OUTPUT`.

This file stands alone. It runs inside a throwaway environment that has torch, and it imports nothing of dream, which is
not installed there. It writes `model.onnx` (fp32, fused) and `model.int8.onnx`, each with its weights in a `.data` file
beside it, `model.reading.onnx`, which reads works in and shares the first one's weights where it has none of its own,
`tokenizer.json` and `export.json` (what was found out about the model) into OUTPUT, and prints one line of progress a
step.

All graphs take `input_ids` and `attention_mask`, int64 of shape (batch, length), and give `pooled`, float32 of shape
(batch, dimensions) and unit length, and `tokens`, float32 of shape (batch, length, width). Whatever the model does
between its tokens and its sentence vector (pooling, dense layers, normalising) is inside the graph.
"""

import json
import logging
import os
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.fusion_options import FusionOptions
from onnxruntime.transformers.optimizer import optimize_model
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

OPSET = 17
LONGEST = 512  # tokens; attention over more costs too much for fragments of a page or less
PRODUCTS = ("MatMul", "Gemm", "Attention")
NEAR = 0.99  # the mean cosine that the copy for reading must have with the original

SAMPLES = (
    "Once upon a time",
    "The lamp went out.",
    "A miller had three sons, and when he died he left them his mill, his ass and his cat.",
    "Who ferries the dead across the river when the ferryman sleeps?",
    "She counted the bells: four, five, six, and then a seventh that no tower owned.",
    "“I will pay,” said the tailor, “but not with what you ask.”",
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
    "Crème brûlée, naïve cafés and 12,345.67 other things!",
    "Zwei Kinder gingen in den Wald und streuten Brot.",
    "옛날 옛적에 한 산골 마을에 나무꾼이 살았습니다.",
    "호랑이는 고개를 넘을 때마다 떡 하나를 달라고 했다.",
    "月夜の橋",
    "🐉",
    ".",
    "The ferryman would take no coin. " * 4,
    "A rope of hair, a rope of sand, a rope of smoke; and with each she came a little nearer to the ground. " * 6,
    "The road went on, and so did she. " * 120,
)


class Graph(torch.nn.Module):
    """The whole sentence-transformers pipeline as one function of two tensors."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
        pooled = torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=-1)
        return pooled, features["token_embeddings"]


def load(name: str) -> SentenceTransformer:
    """The model on the CPU in fp32, with the one kind of attention the exporter can follow."""
    model = SentenceTransformer(
        name, device="cpu", model_kwargs={"attn_implementation": "eager", "dtype": torch.float32}
    ).eval()
    model.max_seq_length = min(model.max_seq_length or LONGEST, LONGEST)
    return model


def save_tokenizer(model: SentenceTransformer, path: Path) -> Tokenizer:
    """Write the tokenizer with the model's own truncation and no padding: the batch decides how long it is."""
    fast = getattr(model.tokenizer, "backend_tokenizer", None)
    if fast is None:
        raise SystemExit("This model has no fast tokenizer (tokenizer.json), which dream needs.")
    tokenizer = Tokenizer.from_str(fast.to_str())
    tokenizer.no_padding()
    tokenizer.enable_truncation(model.max_seq_length)
    tokenizer.save(str(path))
    return tokenizer


def batch(tokenizer: Tokenizer, texts: list[str], pad_id: int) -> dict[str, np.ndarray[Any, np.dtype[np.int64]]]:
    """`input_ids` and `attention_mask`, int64 of shape (texts, longest text)."""
    encodings = tokenizer.encode_batch(texts)
    shape = (len(texts), max(len(encoding.ids) for encoding in encodings))
    ids, mask = np.full(shape, pad_id, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding.ids)] = encoding.ids
        mask[row, : len(encoding.ids)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def export_graph(model: SentenceTransformer, inputs: dict[str, np.ndarray[Any, Any]], path: Path) -> None:
    """Trace the pipeline on a padded batch, so that the mask is a part of the graph."""
    axes = {0: "batch", 1: "length"}
    with torch.no_grad():
        torch.onnx.export(
            Graph(model),
            (torch.from_numpy(inputs["input_ids"]), torch.from_numpy(inputs["attention_mask"])),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["pooled", "tokens"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "tokens": axes, "pooled": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )


def fuse(model: SentenceTransformer, source: Path, target: Path) -> None:
    """Replace the attention, normalising and activation subgraphs by onnxruntime's fused operators."""
    config = model[0].auto_model.config
    options = FusionOptions("bert")
    options.enable_embed_layer_norm = False  # it wants int32 inputs and gains nothing measurable
    fused = optimize_model(
        str(source),
        model_type="bert",
        num_heads=getattr(config, "num_attention_heads", 0),
        hidden_size=getattr(config, "hidden_size", 0),
        optimization_options=options,
        opt_level=1,
    )
    save(fused.model, target)


def quantize(source: Path, target: Path, nodes: list[str] | None = None) -> onnx.ModelProto:
    """Weights as signed bytes, a scale for each channel; activations are quantised as they come. Of all nodes, or of
    those that are named, whose weights use seven bits: with eight, processors without VNNI overflow.
    """
    raw = target.with_suffix(".raw")
    fused_operators_hide_their_type = {"DefaultTensorType": onnx.TensorProto.FLOAT}
    quantize_dynamic(
        source,
        raw,
        per_channel=True,
        weight_type=QuantType.QInt8,
        reduce_range=nodes is not None,
        nodes_to_quantize=nodes,
        extra_options=fused_operators_hide_their_type,
    )
    graph = onnx.load(raw)
    raw.unlink()
    return graph


def save_reading_copy(source: Path, target: Path) -> None:
    """Write a graph that takes two thirds of the time: its products in int8, but for those that narrow what an
    activation widened. Their inputs have outliers, and quantising them would double the loss for a third of the gain.
    """
    exact = onnx.load(source, load_external_data=False)
    shapes = {each.name: each.dims for each in exact.graph.initializer}
    widths = {node.name: shapes.get(node.input[1], ()) for node in exact.graph.node if node.op_type in PRODUCTS}
    chosen = [name for name, shape in widths.items() if len(shape) == 2 and shape[0] <= shape[1]]
    graph = quantize(source, target, chosen)
    kept = {each.name: each for each in exact.graph.initializer if each.external_data}
    for each in graph.graph.initializer:
        if each.name in kept:
            each.CopyFrom(kept[each.name])  # which says where it stands in the file of the exact graph's weights
    onnx.save_model(graph, target)


def save(graph: onnx.ModelProto, path: Path) -> None:
    """Write the weights beside the graph: onnxruntime maps such a file, and rows never asked for take no memory."""
    data = path.with_name(path.name + ".data")
    onnx.save_model(graph, path, save_as_external_data=True, location=data.name)
    data.chmod(path.stat().st_mode)  # onnx makes it its owner's alone


def run(path: Path, tokenizer: Tokenizer, texts: list[str], pad_id: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Pooled vectors of shape (texts, dimensions), eight texts at a time, so that padding is tried too."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    parts = [
        session.run(["pooled"], batch(tokenizer, texts[start : start + 8], pad_id))[0]
        for start in range(0, len(texts), 8)
    ]
    return np.concatenate(parts)


def pooling(path: Path, tokenizer: Tokenizer, pad_id: int) -> str:
    """Says "mean" when the pooled vector is the mean of the token vectors, so that spans can be pooled the same way."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    inputs = batch(tokenizer, list(SAMPLES[:8]), pad_id)
    pooled, tokens = session.run(["pooled", "tokens"], inputs)
    mean = (tokens * inputs["attention_mask"][:, :, None]).sum(axis=1)
    if mean.shape != pooled.shape:
        return "other"
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    return "mean" if np.allclose(mean, pooled, atol=1e-4) else "other"


def agreement(ours: np.ndarray[Any, Any], original: np.ndarray[Any, Any]) -> dict[str, float]:
    """How far our vectors are from the original's, both of unit length."""
    cosines = (ours * original).sum(axis=1)
    return {
        "max_difference": float(np.abs(ours - original).max()),
        "mean_cosine": float(cosines.mean()),
        "min_cosine": float(cosines.min()),
    }


def prefixes(model: SentenceTransformer) -> dict[str, str]:
    """What the model puts before a query and before a document, found the way its own encode_* methods find it."""
    prompts = dict(model.prompts)
    default = prompts.get(model.default_prompt_name or "", "")
    document = next((prompts[name] for name in ("document", "passage", "corpus") if name in prompts), default)
    return {"query": prompts.get("query", default), "document": document}


def compare(model: SentenceTransformer, tokenizer: Tokenizer, pad_id: int, folder: Path) -> dict[str, Any]:
    """The agreement of each exported graph with sentence-transformers, over queries and documents alike."""
    texts = list(SAMPLES)
    original = np.concatenate(
        [
            encode(texts, batch_size=8, normalize_embeddings=True, show_progress_bar=False)
            for encode in (model.encode_query, model.encode_document)
        ]
    )
    before = prefixes(model)
    ours = [before["query"] + text for text in texts] + [before["document"] + text for text in texts]
    return {
        "fp32": agreement(run(folder / "model.onnx", tokenizer, ours, pad_id), original),
        "int8": agreement(run(folder / "model.int8.onnx", tokenizer, ours, pad_id), original),
        "reading": agreement(run(folder / "model.reading.onnx", tokenizer, ours, pad_id), original),
    }


def main(name: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    print("loading the model", flush=True)
    model = load(name)
    tokenizer = save_tokenizer(model, folder / "tokenizer.json")
    pad_id = int(model.tokenizer.pad_token_id or 0)
    raw = folder / "raw.onnx"
    print("exporting it to ONNX", flush=True)
    export_graph(model, batch(tokenizer, list(SAMPLES[:3]), pad_id), raw)
    fuse(model, raw, folder / "model.onnx")
    raw.unlink()
    print("making the smaller int8 copy", flush=True)
    save(quantize(folder / "model.onnx", folder / "model.int8.onnx"), folder / "model.int8.onnx")
    print("making the copy that reads works in", flush=True)
    save_reading_copy(folder / "model.onnx", folder / "model.reading.onnx")
    print("comparing all with the original", flush=True)
    agreements = compare(model, tokenizer, pad_id, folder)
    if agreements["reading"]["mean_cosine"] < NEAR:  # a model that bears no int8 reads works exactly
        shutil.copyfile(folder / "model.onnx", folder / "model.reading.onnx")
        agreements["reading"] = agreements["fp32"]
    found = {
        "dimensions": int(model.get_embedding_dimension()),
        "max_tokens": int(model.max_seq_length),
        "pooling": pooling(folder / "model.onnx", tokenizer, pad_id),
        "prefixes": prefixes(model),
        "agreement": agreements,
    }
    (folder / "export.json").write_text(json.dumps(found, ensure_ascii=False, indent=2), encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(min(torch.get_num_threads(), 4))
    main(sys.argv[1], Path(sys.argv[2]))
