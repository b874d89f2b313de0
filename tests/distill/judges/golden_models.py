"""Folders with tiny random models of the judges' architectures, each with a tokenizer of the test's own."""

from pathlib import Path
from typing import Any

import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
from safetensors.torch import save_file  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from tests.distill.judges.tiny import awake, write_json  # noqa: E402
from unirain_core.distill.judges.internvl_names import configuration  # noqa: E402
from unirain_core.distill.judges.mobilevlm_model import MobileVlmConfig, MobileVlmForCausalLM  # noqa: E402

SIDE, PATCH = 28, 7
AUTHORS: dict[str, Any] = {
    "model_type": "internvl_chat",
    "downsample_ratio": 0.5,
    "vision_config": {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": SIDE,
        "patch_size": PATCH, "qkv_bias": True, "qk_normalization": False, "norm_type": "layer_norm", "layer_norm_eps": 1e-6,
        "hidden_act": "gelu",
    },
    "llm_config": {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 1e6,
        "rope_scaling": {"type": "dynamic", "factor": 2.0},
    },
}  # fmt: skip
"""InternVL2.5's config.json, small: 16 patches a tile, so that a picture is 4 tokens."""
MOBILE: dict[str, Any] = {
    "model_type": "mobilevlm", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 4, "rms_norm_eps": 1e-6, "max_position_embeddings": 2048, "bos_token_id": 1, "eos_token_id": 2,
    "pad_token_id": 0, "tie_word_embeddings": False, "mm_projector_type": "ldpnet", "n_head": 16,
    "vision": {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "image_size": 28,
        "patch_size": 7, "projection_dim": 8,
    },
}  # fmt: skip
"""MobileVLM's config.json, small, with a leftover of another program; a picture is 4 tokens."""
_LEFTOVERS = ("model_type", "mm_projector_type", "n_head")


def authors_configuration(n_tokens: int) -> dict[str, Any]:
    """The authors' config.json for a tokenizer of so many tokens."""
    return {**AUTHORS, "llm_config": {**AUTHORS["llm_config"], "vocab_size": n_tokens}}


def fast(tokenizer: Tokenizer, pad: str) -> Any:
    """The tokenizer as a class of transformers."""
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=pad)


def make_internvl(folder: Path, tokenizer: Tokenizer, pad: str) -> None:
    """The native form."""
    content = authors_configuration(tokenizer.get_vocab_size())
    image_token = tokenizer.get_vocab()["<IMG_CONTEXT>"]
    config = transformers.InternVLConfig(**configuration(content, image_token))
    awake(transformers.InternVLForConditionalGeneration(config)).save_pretrained(folder)
    fast(tokenizer, pad).save_pretrained(folder)


def make_llava(folder: Path, tokenizer: Tokenizer, pad: str) -> None:
    """LLaVA with SigLIP and Qwen2; a picture is 16 tokens."""
    config = transformers.LlavaConfig(
        vision_config={
            "model_type": "siglip_vision_model", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "image_size": 28, "patch_size": 7, "vision_use_head": False,
        },
        text_config={
            "model_type": "qwen2", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": tokenizer.get_vocab_size(),
            "max_position_embeddings": 4096, "tie_word_embeddings": False,
        },
        image_token_index=tokenizer.token_to_id("<image>"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    )  # fmt: skip
    awake(transformers.LlavaForConditionalGeneration(config)).save_pretrained(folder)
    fast(tokenizer, pad).save_pretrained(folder)


def make_processor(folder: Path, template: str) -> None:
    """What `AutoProcessor` reads beside a LLaVA."""
    images = transformers.SiglipImageProcessorPil(size={"height": 28, "width": 28})
    processor = transformers.LlavaProcessor(
        image_processor=images, tokenizer=transformers.AutoTokenizer.from_pretrained(folder), patch_size=7,
        vision_feature_select_strategy="full", num_additional_image_tokens=0, chat_template=template, image_token="<image>",
    )  # fmt: skip
    processor.save_pretrained(folder)


def make_mobilevlm(folder: Path, pieces: bytes, n_tokens: int) -> None:
    """MobileVLM as it is published, with a SentencePiece model."""
    folder.mkdir()
    (folder / "tokenizer.model").write_bytes(pieces)
    write_json(folder / "config.json", {**MOBILE, "vocab_size": n_tokens})
    settings = {key: value for key, value in MOBILE.items() if key not in _LEFTOVERS}
    model = awake(MobileVlmForCausalLM(MobileVlmConfig(**settings, vocab_size=n_tokens)))
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()},
        folder / "model.safetensors",
    )
