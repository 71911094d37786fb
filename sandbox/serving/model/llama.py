"""A Llama's forward pass in numpy, over the weights of safetensors files: all that a small model needs to be served."""

import json
from pathlib import Path

import numpy as np


def read_safetensors(folder):
    """Every tensor of the folder's safetensors files by its name; only float32 is known."""
    tensors = {}
    for file in sorted(Path(folder).glob("*.safetensors")):
        content = file.read_bytes()
        begin = 8 + int.from_bytes(content[:8], "little")
        for name, entry in json.loads(content[8:begin]).items():
            if name == "__metadata__":
                continue
            if entry["dtype"] != "F32":
                raise ValueError(f"{file.name}: {name} is {entry['dtype']}; only F32 can be served")
            first, end = entry["data_offsets"]
            values = np.frombuffer(content[begin + first : begin + end], dtype="<f4")
            tensors[name] = values.reshape(entry["shape"])
    if not tensors:
        raise ValueError(f"{folder}: no safetensors file with a tensor")
    return tensors


def _softmax(x):
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


class Llama:
    """A model as its library saves one: `config.json` beside its weights. Not made for grouped-query attention."""

    def __init__(self, folder):
        self.config = json.loads((Path(folder) / "config.json").read_text())
        heads = self.config["num_attention_heads"]
        if self.config.get("num_key_value_heads", heads) != heads:
            raise ValueError("config.json: num_key_value_heads must equal num_attention_heads")
        self.heads = heads
        self.vocabulary = self.config["vocab_size"]
        self.context = self.config["max_position_embeddings"]
        self.weights = read_safetensors(folder)

    def _norm(self, x, name):
        scale = np.sqrt((x * x).mean(axis=-1, keepdims=True) + self.config["rms_norm_eps"])
        return x / scale * self.weights[name]

    def _split(self, x):
        return x.reshape(len(x), self.heads, -1).transpose(1, 0, 2)

    @staticmethod
    def _rotate(x, cos, sin):
        half = x.shape[-1] // 2
        return x * cos + np.concatenate([-x[..., half:], x[..., :half]], axis=-1) * sin

    def _attention(self, x, prefix):
        query, key, value = (
            self._split(x @ self.weights[f"{prefix}.{part}_proj.weight"].T) for part in "qkv"
        )
        length, width = query.shape[1:]
        frequencies = 1e4 ** (-np.arange(0, width, 2, dtype=np.float32) / width)
        angles = np.outer(np.arange(length, dtype=np.float32), frequencies)
        angles = np.concatenate([angles, angles], axis=-1)
        cos, sin = np.cos(angles), np.sin(angles)
        query, key = self._rotate(query, cos, sin), self._rotate(key, cos, sin)
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(width)
        scores = np.where(np.tri(length, dtype=bool), scores, -np.inf)
        mixed = (_softmax(scores) @ value).transpose(1, 0, 2).reshape(length, -1)
        return mixed @ self.weights[f"{prefix}.o_proj.weight"].T

    def _feed_forward(self, x, prefix):
        gate = x @ self.weights[f"{prefix}.gate_proj.weight"].T
        up = x @ self.weights[f"{prefix}.up_proj.weight"].T
        return (gate / (1 + np.exp(-gate)) * up) @ self.weights[f"{prefix}.down_proj.weight"].T

    def logits(self, tokens):
        """What the model says of the token after each of these, one row a token."""
        x = self.weights["model.embed_tokens.weight"][tokens]
        for layer in range(self.config["num_hidden_layers"]):
            prefix = f"model.layers.{layer}"
            x = x + self._attention(self._norm(x, f"{prefix}.input_layernorm.weight"), f"{prefix}.self_attn")
            x = x + self._feed_forward(
                self._norm(x, f"{prefix}.post_attention_layernorm.weight"), f"{prefix}.mlp"
            )
        return self._norm(x, "model.norm.weight") @ self.weights["lm_head.weight"].T

    def generate(self, tokens, count):
        """The `count` likeliest tokens to follow, one after the other."""
        sequence = list(tokens)
        for _ in range(count):
            sequence.append(int(self.logits(sequence[-self.context :])[-1].argmax()))
        return sequence[len(tokens) :]
