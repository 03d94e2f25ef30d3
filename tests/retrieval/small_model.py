"""A second embedding model, in the form that the set-up exports: words as seeded directions, pooled by their mean and,
where asked for, through a dense layer, so that its dimensions are not its tokens' width.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

from dream.retrieval.export.manifest import FILES, MANIFEST, Agreement, Manifest, Prefixes, sha256

VOCABULARY, WIDTH = 30522, 48


def make(folder: Path, name: str, original: Path, *, dense: int | None = None, max_tokens: int = 64) -> Path:
    """Writes the model into `folder`, with the tokenizer of the model in `original`."""
    folder.mkdir(parents=True)
    for file in ("model.onnx", "model.int8.onnx"):
        _save(folder / file, dense)
    shutil.copyfile(folder / "model.onnx", folder / "model.reading.onnx")  # with the same weights
    shutil.copyfile(original / "tokenizer.json", folder / "tokenizer.json")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.save(str(folder / "tokenizer.json"))
    exact = Agreement(max_difference=0, mean_cosine=1, min_cosine=1)
    manifest = Manifest(
        name=name,
        dimensions=dense or WIDTH,
        max_tokens=max_tokens,
        pooling="other" if dense else "mean",
        prefixes=Prefixes(query="query: ", document="passage: "),
        agreement={"fp32": exact, "int8": exact, "reading": exact},
        files={file: sha256(folder / file) or "" for file in FILES},
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(), encoding="utf-8")
    return folder


def _save(path: Path, dense: int | None) -> None:
    seeded = np.random.default_rng(7)
    weights = {"words": seeded.normal(size=(VOCABULARY, WIDTH)), "axis": np.array([1])}
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["tokens"]),
        helper.make_node("ReduceMean", ["tokens", "axis"], ["mean"], keepdims=0),
    ]
    if dense:
        weights["dense"] = seeded.normal(size=(WIDTH, dense))
        nodes.append(helper.make_node("MatMul", ["mean", "dense"], ["sentence"]))
    nodes.append(helper.make_node("LpNormalization", ["sentence" if dense else "mean"], ["pooled"], axis=-1))
    inputs = [
        helper.make_tensor_value_info(each, TensorProto.INT64, ["batch", "length"])
        for each in ("input_ids", "attention_mask")
    ]
    outputs = [
        helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["batch", dense or WIDTH]),
        helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["batch", "length", WIDTH]),
    ]
    graph = helper.make_graph(nodes, "small", inputs, outputs, [_tensor(*item) for item in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save_model(model, path, save_as_external_data=True, location=f"{path.name}.data")


def _tensor(name: str, values: NDArray[np.float64] | NDArray[np.int64]) -> TensorProto:
    return numpy_helper.from_array(values.astype(np.int64 if name == "axis" else np.float32), name)
