"""The published InternVL2.5 as `transformers` names it: its configuration and its weights, without remote code.

The authors' files describe an InternLM2 as language model. It computes as a Llama does, but keeps query, key and value of all
heads in one matrix. The vision tower does likewise. Source of the names: the authors' modelling code of InternVL2.5.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

AUTHORS_TYPE = "internvl_chat"
"""`model_type` in the authors' config.json; that of `transformers` is `internvl`."""

IMAGE_TOKEN = "<IMG_CONTEXT>"

_NAMES = (
    (r"^vision_model\.encoder\.layers\.", "model.vision_tower.encoder.layer."),
    (r"^vision_model\.embeddings\.class_embedding$", "model.vision_tower.embeddings.cls_token"),
    (r"^vision_model\.embeddings\.position_embedding$", "model.vision_tower.embeddings.position_embeddings"),
    (
        r"^vision_model\.embeddings\.patch_embedding\.",
        "model.vision_tower.embeddings.patch_embeddings.projection.",
    ),
    (r"\.ls([12])$", r".lambda_\1"),
    (r"\.attn\.proj\.", ".attention.projection_layer."),
    (r"\.norm1\.", ".layernorm_before."),
    (r"\.norm2\.", ".layernorm_after."),
    (r"^mlp1\.0\.", "model.multi_modal_projector.layer_norm."),
    (r"^mlp1\.1\.", "model.multi_modal_projector.linear_1."),
    (r"^mlp1\.3\.", "model.multi_modal_projector.linear_2."),
    (r"^language_model\.output\.", "lm_head."),
    (r"^language_model\.model\.tok_embeddings\.", "model.language_model.embed_tokens."),
    (r"^language_model\.model\.", "model.language_model."),
    (r"\.attention\.wo\.", ".self_attn.o_proj."),
    (r"\.feed_forward\.w1\.", ".mlp.gate_proj."),
    (r"\.feed_forward\.w2\.", ".mlp.down_proj."),
    (r"\.feed_forward\.w3\.", ".mlp.up_proj."),
    (r"\.attention_norm\.", ".input_layernorm."),
    (r"\.ffn_norm\.", ".post_attention_layernorm."),
)
"""Patterns in the order in which they are applied to each of the authors' names."""


def configuration(authors: Mapping[str, Any], image_token: int) -> dict[str, Any]:
    """The keyword arguments of `InternVLConfig` out of the authors' config.json.

    Args:
        authors: their configuration.
        image_token: number of IMAGE_TOKEN in their tokenizer.
    """
    vision, text = authors["vision_config"], authors["llm_config"]
    ratio = authors["downsample_ratio"]
    side = vision["image_size"] // vision["patch_size"]
    return {
        "vision_config": {
            "model_type": "internvl_vision",
            "hidden_size": vision["hidden_size"],
            "intermediate_size": vision["intermediate_size"],
            "num_hidden_layers": vision["num_hidden_layers"],
            "num_attention_heads": vision["num_attention_heads"],
            "image_size": [vision["image_size"]] * 2,
            "patch_size": [vision["patch_size"]] * 2,
            "attention_bias": vision["qkv_bias"],
            "use_qk_norm": vision["qk_normalization"],
            "norm_type": vision["norm_type"],
            "layer_norm_eps": vision["layer_norm_eps"],
            "hidden_act": vision["hidden_act"],
        },
        "text_config": {
            "model_type": "llama",
            "vocab_size": text["vocab_size"],
            "hidden_size": text["hidden_size"],
            "intermediate_size": text["intermediate_size"],
            "num_hidden_layers": text["num_hidden_layers"],
            "num_attention_heads": text["num_attention_heads"],
            "num_key_value_heads": text["num_key_value_heads"],
            "max_position_embeddings": text["max_position_embeddings"],
            "rms_norm_eps": text["rms_norm_eps"],
            "rope_theta": text["rope_theta"],
            "rope_scaling": _scaling(text.get("rope_scaling")),
            "tie_word_embeddings": False,
        },
        "image_token_id": image_token,
        "image_seq_length": int(side * ratio) ** 2,
        "downsample_ratio": ratio,
        "tie_word_embeddings": False,
    }


def _scaling(scaling: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Their key for the kind of scaling is the older one."""
    if scaling is None:
        return None
    return {"rope_type": scaling["type"], "factor": scaling["factor"]}


def weights(authors: Iterator[tuple[str, Tensor]], groups: int, head: int) -> Iterator[tuple[str, Tensor]]:
    """The weights under the names of `transformers`; a matrix of several parts is cut.

    Args:
        authors: their names and tensors.
        groups: query heads for each key head of the language model.
        head: width of a head of the language model.
    """
    for name, tensor in authors:
        renamed = _renamed(name)
        if ".attn.qkv." in name:
            for part, piece in zip("qkv", tensor.chunk(3), strict=True):
                yield renamed.replace(".attn.qkv.", f".attention.{part}_proj."), piece
        elif ".attention.wqkv." in name:
            # rows stand by key head: the queries of its group, its key, its value
            rows = tensor.reshape(-1, groups + 2, head, *tensor.shape[1:])
            parts = {"q": rows[:, :groups], "k": rows[:, groups : groups + 1], "v": rows[:, groups + 1 :]}
            for part, piece in parts.items():
                yield renamed.replace(".attention.wqkv.", f".self_attn.{part}_proj."), piece.flatten(0, 2)
        else:
            yield renamed, tensor


def _renamed(name: str) -> str:
    for pattern, replacement in _NAMES:
        name = re.sub(pattern, replacement, name)
    return name
