"""Models with random weights on a device, and the batch that fits: what `benchmarks/vlm.py` runs."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.vlm_shapes import Shape

_WORDS_AFTER = 20
"""Tokens of the question, which stands behind the pictures."""


def attention_operations(
    query: Sequence[int], key: Sequence[int], value: Sequence[int], *_: object, **__: object
) -> int:
    """Multiplications and additions of one attention; torch's own formula refuses fewer keys' heads than queries' before 2.13.

    Args:
        query: (B, H, S, D).
        key: (B, G, T, D), G a divisor of H.
        value: (B, G, T, V).
    """
    batch, heads, n_queries, width = query
    return 2 * batch * heads * n_queries * key[2] * (width + value[3])


_ATTENTION = dict.fromkeys(
    (
        torch.ops.aten._scaled_dot_product_flash_attention,
        torch.ops.aten._scaled_dot_product_efficient_attention,
        torch.ops.aten._scaled_dot_product_cudnn_attention,
    ),
    attention_operations,
)


def random_model(shape: Shape, device: torch.device, dtype: torch.dtype) -> nn.Module:
    """The model with small random weights, made on the device itself."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            model = shape.make().to(dtype).eval()
    finally:
        torch.set_default_dtype(before)
    generator = torch.Generator(device).manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.02, generator=generator)
    return model


def largest_batch(
    shape: Shape, model: nn.Module, device: torch.device, dtype: torch.dtype
) -> tuple[int, float]:
    """The shape's batch, halved until it fits, and the operations of one item of it."""
    batch = shape.batch
    while True:
        pixels = torch.randn(batch * sum(shape.tiles), 3, shape.side, shape.side, device=device, dtype=dtype)
        try:
            with torch.inference_mode(), FlopCounterMode(display=False, custom_mapping=_ATTENTION) as counter:
                shape.run(model, tokens_of(shape, batch, device), pixels)
        except torch.OutOfMemoryError:
            if batch == 1:
                raise
            batch //= 2
            torch.cuda.empty_cache()
            continue
        return batch, counter.get_total_flops() / batch


def tokens_of(shape: Shape, batch: int, device: torch.device) -> Tensor:
    """(B, L) words, and the number 1 where a picture's places are."""
    tokens = torch.full((batch, shape.length), 2, device=device)
    tokens[:, : shape.length - _WORDS_AFTER][:, -sum(shape.tiles) * shape.tile_tokens or shape.length :] = 1
    return tokens
