"""MobileVLM as a network: CLIP, the projector LDP and a small Llama, under the names of the published checkpoint.

Sources: Chu et al., "MobileVLM" (arXiv 2312.16886), and the names and shapes of mtgv/MobileVLM-3B. `transformers` has no such
class. The vision tower is CLIP ViT-L/14 at 336 pixels and stands in the checkpoint itself.
"""

import re
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlamaForCausalLM

CLIP_L_336 = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "image_size": 336,
    "patch_size": 14,
    "projection_dim": 768,
}
_FEATURE_LAYER = -2
"""The layer whose patches are projected (`mm_vision_select_layer`)."""


class MobileVlmConfig(LlamaConfig):  # type: ignore[misc]  # transformers is not typed
    """The published config.json; its Llama keys are those of transformers."""

    model_type = "mobilevlm"

    def __init__(self, vision: dict[str, Any] | None = None, **settings: object) -> None:
        """`vision` is a key of ours; the published file has none, and means CLIP ViT-L/14 at 336."""
        self.vision = vision or CLIP_L_336
        super().__init__(**settings)


class MobileVlmForCausalLM(LlamaForCausalLM):  # type: ignore[misc]  # as above
    """The language model with the vision tower and the projector below `model`, as the checkpoint has them."""

    config_class = MobileVlmConfig

    def __init__(self, config: MobileVlmConfig) -> None:
        super().__init__(config)
        vision = CLIPVisionConfig(**config.vision)
        self.model.vision_tower = _Tower(vision)
        self.model.mm_projector = LdpProjector(vision.hidden_size, config.hidden_size)
        self.post_init()

    def features(self, pixels: Tensor) -> Tensor:
        """(B, T, D) what the language model reads of (B, 3, S, S) pictures: a quarter as many tokens as patches."""
        states = self.model.vision_tower.vision_tower(pixels, output_hidden_states=True).hidden_states
        patches = states[_FEATURE_LAYER][:, 1:]  # without the class token
        projected: Tensor = self.model.mm_projector(patches)
        return projected


class _Tower(nn.Module):
    """Holds CLIP one level deeper, as the published names have it."""

    def __init__(self, config: CLIPVisionConfig) -> None:
        super().__init__()
        self.vision_tower = CLIPVisionModel(config)


class LdpProjector(nn.Module):
    """The lightweight downsample projector of MobileVLM: patches to tokens, half as many along each side."""

    def __init__(self, vision: int, text: int) -> None:
        super().__init__()
        self.model = nn.ModuleDict(
            {
                "mlp": nn.Sequential(
                    nn.Identity(), nn.Linear(vision, text), nn.GELU(), nn.Linear(text, text)
                ),
                "mb_block": nn.Sequential(nn.Identity(), _Block(text, stride=1), _Block(text, stride=2)),
            }
        )

    def forward(self, patches: Tensor) -> Tensor:
        """(B, T, text) of (B, N, vision), N a square number."""
        tokens = self.model["mlp"](patches)
        side = round(tokens.shape[1] ** 0.5)
        grid = tokens.transpose(1, 2).unflatten(2, (side, side))
        projected: Tensor = self.model["mb_block"](grid).flatten(2).transpose(1, 2)
        return projected


class _Block(nn.Module):
    """An inverted residual of MobileNetV3 without expansion."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.is_residual = stride == 1
        depthwise = nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False)
        pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.block = nn.Sequential(
            nn.Sequential(depthwise, _ChannelNorm(channels), nn.Hardswish()),
            _SqueezeExcitation(channels),
            nn.Sequential(pointwise, _ChannelNorm(channels)),
        )

    def forward(self, grid: Tensor) -> Tensor:
        """(B, C, H, W) to the same, or to half the sides."""
        out: Tensor = self.block(grid)
        return grid + out if self.is_residual else out


class _ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each place."""

    def forward(self, grid: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        return super().forward(grid.movedim(1, -1)).movedim(-1, 1)


class _SqueezeExcitation(nn.Module):
    """Channels weighted by what the whole grid says."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 4, 1)
        self.fc2 = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, grid: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        mean = grid.mean(dim=(2, 3), keepdim=True)
        gate = nn.functional.hardsigmoid(self.fc2(nn.functional.relu(self.fc1(mean))))
        return grid * gate


def weights(published: Iterator[tuple[str, Tensor]], own: set[str]) -> Iterator[tuple[str, Tensor]]:
    """The published weights under the names of the class above.

    Releases of `transformers` differ in whether CLIP has a level `vision_model`, and files of 2023 hold counters that are
    computed today.

    Args:
        published: names and tensors.
        own: the names of the class.
    """
    for name, tensor in published:
        if re.search(r"\.position_ids$|\.rotary_emb\.inv_freq$", name):
            continue
        flat = name.replace(".vision_tower.vision_tower.vision_model.", ".vision_tower.vision_tower.")
        yield (flat if flat in own else name), tensor


def empty(config: MobileVlmConfig) -> MobileVlmForCausalLM:
    """The class without weights, of which only names and shapes are asked."""
    with torch.device("meta"):
        return MobileVlmForCausalLM(config)
