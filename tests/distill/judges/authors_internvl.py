"""InternVL2.5 as its authors describe it, written anew from the papers, under the names of the published checkpoint.

It shares no line with `transformers`: one matrix for query, key and value of a group of heads, rotary places by hand, and the
feed-forward as w2(silu(w1 x) * w3 x). Sources: arXiv 2412.05271 (InternVL2.5), 2403.17297 (InternLM2).
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention, silu


class Chat(nn.Module):
    """The whole model: vision tower, projector, language model."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        vision, text = config["vision_config"], config["llm_config"]
        wide = vision["hidden_size"] * 4
        self.vision_model = Vision(vision)
        self.mlp1 = nn.Sequential(
            nn.LayerNorm(wide), nn.Linear(wide, text["hidden_size"]), nn.GELU(),
            nn.Linear(text["hidden_size"], text["hidden_size"]),
        )  # fmt: skip
        self.language_model = Language(text)

    def features(self, tiles: Tensor) -> Tensor:
        """(T, N, D) what the language model reads of (T, 3, S, S) tiles: of each four neighbours one place."""
        patches = self.vision_model(tiles)[:, 1:]
        side = round(patches.shape[1] ** 0.5)
        # place (i, j) holds the four patches (2i, 2j), (2i, 2j + 1), (2i + 1, 2j), (2i + 1, 2j + 1), one after the other
        grid = patches.reshape(len(patches), side // 2, 2, side // 2, 2, -1).permute(0, 1, 3, 2, 4, 5)
        places: Tensor = self.mlp1(grid.flatten(3).flatten(1, 2))
        return places

    def forward(self, numbers: Tensor, tiles: Tensor, image_token: int) -> Tensor:
        """(L, V) scores after each token of one question."""
        states = self.language_model.model.tok_embeddings(numbers)
        states = states.masked_scatter((numbers == image_token)[:, None], self.features(tiles).flatten(0, 1))
        scores: Tensor = self.language_model(states)
        return scores


class Vision(nn.Module):
    """InternViT."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        width, patch = config["hidden_size"], config["patch_size"]
        n_places = (config["image_size"] // patch) ** 2 + 1
        self.embeddings: Any = nn.Module()
        self.embeddings.class_embedding = nn.Parameter(torch.empty(1, 1, width))
        self.embeddings.position_embedding = nn.Parameter(torch.empty(1, n_places, width))
        self.embeddings.patch_embedding = nn.Conv2d(3, width, patch, patch)
        self.encoder: Any = nn.Module()
        self.encoder.layers = nn.ModuleList(VisionLayer(config) for _ in range(config["num_hidden_layers"]))

    def forward(self, tiles: Tensor) -> Tensor:
        """(T, 1 + N, C) class place and patches."""
        own = self.embeddings
        patches = own.patch_embedding(tiles).flatten(2).transpose(1, 2)
        states = (
            torch.cat([own.class_embedding.expand(len(tiles), 1, -1), patches], 1) + own.position_embedding
        )
        for layer in self.encoder.layers:
            states = layer(states)
        out: Tensor = states
        return out


class VisionLayer(nn.Module):
    """Attention and feed-forward, each scaled by a vector."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        width, self.n_heads = config["hidden_size"], config["num_attention_heads"]
        self.norm1, self.norm2 = (nn.LayerNorm(width, config["layer_norm_eps"]) for _ in range(2))
        self.ls1, self.ls2 = (nn.Parameter(torch.empty(width)) for _ in range(2))
        self.attn: Any = nn.Module()
        self.mlp: Any = nn.Module()
        self.attn.qkv, self.attn.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp.fc1 = nn.Linear(width, config["intermediate_size"])
        self.mlp.fc2 = nn.Linear(config["intermediate_size"], width)

    def forward(self, states: Tensor) -> Tensor:
        """(T, N, C) to the same."""
        thirds = self.attn.qkv(self.norm1(states)).unflatten(-1, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(*thirds).transpose(1, 2).flatten(2)
        states = states + self.ls1 * self.attn.proj(mixed)
        inner: Tensor = self.mlp.fc2(gelu(self.mlp.fc1(self.norm2(states))))
        return states + self.ls2 * inner


class Language(nn.Module):
    """InternLM2 for one text at a time."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        width, n_tokens = config["hidden_size"], config["vocab_size"]
        self.model: Any = nn.Module()
        self.model.tok_embeddings = nn.Embedding(n_tokens, width)
        self.model.layers = nn.ModuleList(LanguageLayer(config) for _ in range(config["num_hidden_layers"]))
        self.model.norm = Norm(width, config["rms_norm_eps"])
        self.output = nn.Linear(width, n_tokens, bias=False)

    def forward(self, states: Tensor) -> Tensor:
        """(L, V) scores."""
        for layer in self.model.layers:
            states = layer(states)
        scores: Tensor = self.output(self.model.norm(states))
        return scores


class LanguageLayer(nn.Module):
    """One layer of InternLM2."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        width, self.config = config["hidden_size"], config
        self.head = width // config["num_attention_heads"]
        self.n_groups = config["num_key_value_heads"]
        rows = (config["num_attention_heads"] + 2 * self.n_groups) * self.head
        self.attention_norm, self.ffn_norm = (Norm(width, config["rms_norm_eps"]) for _ in range(2))
        self.attention: Any = nn.Module()
        self.feed_forward: Any = nn.Module()
        self.attention.wqkv = nn.Linear(width, rows, bias=False)
        self.attention.wo = nn.Linear(width, width, bias=False)
        inner = config["intermediate_size"]
        self.feed_forward.w1, self.feed_forward.w3 = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.feed_forward.w2 = nn.Linear(inner, width, bias=False)

    def forward(self, states: Tensor) -> Tensor:
        """(L, D) to the same."""
        states = states + self.attention.wo(self._mixed(self.attention_norm(states)))
        normal, own = self.ffn_norm(states), self.feed_forward
        inner: Tensor = own.w2(silu(own.w1(normal)) * own.w3(normal))
        return states + inner

    def _mixed(self, states: Tensor) -> Tensor:
        """Attention, head by head; the heads of a group share their key and value."""
        together = self.attention.wqkv(states).unflatten(-1, (self.n_groups, -1, self.head))
        heads = []
        for group in range(self.n_groups):
            *queries, key, value = together[:, group].unbind(1)
            for query in queries:
                scores = self._turned(query) @ self._turned(key).T / self.head**0.5
                later = torch.ones_like(scores).triu(1).bool()
                heads.append(scores.masked_fill(later, -torch.inf).softmax(-1) @ value)
        return torch.cat(heads, -1)

    def _turned(self, vectors: Tensor) -> Tensor:
        """(L, head) each pair (i, i + half) turned by the angle of its place."""
        length, half = len(vectors), self.head // 2
        base, most = self.config["rope_theta"], self.config["max_position_embeddings"]
        if length > most:  # dynamic NTK: longer texts turn more slowly
            factor = self.config["rope_scaling"]["factor"]
            base *= (factor * length / most - (factor - 1)) ** (self.head / (self.head - 2))
        slowness = base ** (torch.arange(half) / half)
        angles = torch.arange(length)[:, None] / slowness
        first, second = vectors[:, :half], vectors[:, half:]
        cos, sin = angles.cos(), angles.sin()
        return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


class Norm(nn.Module):
    """Division by the root of the mean square."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.empty(width)), eps

    def forward(self, states: Tensor) -> Tensor:
        """(L, D) to the same."""
        return states / (states.square().mean(-1, keepdim=True) + self.eps).sqrt() * self.weight


def drawn(config: Mapping[str, Any], seed: int = 0) -> Chat:
    """A model with random weights, none of which is a zero or a one that could hide a mistake."""
    model, generator = Chat(config), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator) * 0.2
            parameter.copy_(noise + 1 if "norm" in name and name.endswith("weight") else noise)
    return model.eval()
