"""Names and shapes of the published checkpoints, written out, against our classes at full size (without weights)."""

import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
from tests.distill.judges.authors_internvl import Chat  # noqa: E402
from unirain_core.distill.judges.internvl_names import configuration, weights  # noqa: E402
from unirain_core.distill.judges.mobilevlm_model import MobileVlmConfig, empty  # noqa: E402
from unirain_core.distill.judges.mobilevlm_model import weights as mobile_weights  # noqa: E402

D, CLIP = 2560, 1024


def of_clip(prefix):
    """CLIP ViT-L/14 at 336 pixels: 391 tensors."""
    names = {
        "embeddings.class_embedding": (CLIP,), "embeddings.patch_embedding.weight": (CLIP, 3, 14, 14),
        "embeddings.position_embedding.weight": (1 + 24 * 24, CLIP),
    }  # fmt: skip
    for norm in ("pre_layrnorm", "post_layernorm"):  # the published name has that spelling
        names |= {f"{norm}.weight": (CLIP,), f"{norm}.bias": (CLIP,)}
    for layer in range(24):
        own = f"encoder.layers.{layer}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            names |= {f"{own}.self_attn.{part}.weight": (CLIP, CLIP), f"{own}.self_attn.{part}.bias": (CLIP,)}
        for norm in ("layer_norm1", "layer_norm2"):
            names |= {f"{own}.{norm}.weight": (CLIP,), f"{own}.{norm}.bias": (CLIP,)}
        names |= {
            f"{own}.mlp.fc1.weight": (4096, CLIP), f"{own}.mlp.fc1.bias": (4096,),
            f"{own}.mlp.fc2.weight": (CLIP, 4096), f"{own}.mlp.fc2.bias": (CLIP,),
        }  # fmt: skip
    return {f"{prefix}.{name}": shape for name, shape in names.items()}


def of_projector(prefix):
    """LDP: 24 tensors."""
    names = {
        "mlp.1.weight": (D, CLIP), "mlp.1.bias": (D,), "mlp.3.weight": (D, D), "mlp.3.bias": (D,),
    }  # fmt: skip
    for block in (1, 2):
        own = f"mb_block.{block}.block"
        names |= {
            f"{own}.0.0.weight": (D, 1, 3, 3), f"{own}.0.1.weight": (D,), f"{own}.0.1.bias": (D,),
            f"{own}.1.fc1.weight": (640, D, 1, 1), f"{own}.1.fc1.bias": (640,),
            f"{own}.1.fc2.weight": (D, 640, 1, 1), f"{own}.1.fc2.bias": (D,),
            f"{own}.2.0.weight": (D, D, 1, 1), f"{own}.2.1.weight": (D,), f"{own}.2.1.bias": (D,),
        }  # fmt: skip
    return {f"{prefix}.{name}": shape for name, shape in names.items()}


def of_llama():
    """The language model: 291 tensors."""
    names = {
        "model.embed_tokens.weight": (32000, D),
        "model.norm.weight": (D,),
        "lm_head.weight": (32000, D),
    }
    for layer in range(32):
        own = f"model.layers.{layer}"
        for part in ("q_proj", "k_proj", "v_proj", "o_proj"):
            names[f"{own}.self_attn.{part}.weight"] = (D, D)
        names |= {
            f"{own}.mlp.gate_proj.weight": (6912, D), f"{own}.mlp.up_proj.weight": (6912, D),
            f"{own}.mlp.down_proj.weight": (D, 6912),
            f"{own}.input_layernorm.weight": (D,), f"{own}.post_attention_layernorm.weight": (D,),
        }  # fmt: skip
    return names


@pytest.mark.parametrize(
    "tower", ["model.vision_tower.vision_tower.vision_model", "model.vision_tower.vision_tower"]
)
def test_every_published_tensor_of_mobilevlm_has_its_place_and_none_is_left(tower):
    published = of_llama() | of_clip(tower) | of_projector("model.mm_projector.model")
    config = MobileVlmConfig(
        hidden_size=D, intermediate_size=6912, num_hidden_layers=32, num_attention_heads=32, num_key_value_heads=32,
        vocab_size=32000, tie_word_embeddings=False,
    )  # fmt: skip
    own = {name: tuple(tensor.shape) for name, tensor in empty(config).state_dict().items()}
    tensors = ((name, torch.empty(shape, device="meta")) for name, shape in published.items())
    placed = {name: tuple(tensor.shape) for name, tensor in mobile_weights(tensors, set(own))}

    assert 706 == len(published)
    assert own == placed


INTERNVL_8B = {
    "downsample_ratio": 0.5,
    "vision_config": {
        "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16, "image_size": 448,
        "patch_size": 14, "qkv_bias": True, "qk_normalization": False, "norm_type": "layer_norm", "layer_norm_eps": 1e-6,
        "hidden_act": "gelu",
    },
    "llm_config": {
        "vocab_size": 92553, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 32768, "rms_norm_eps": 1e-5,
        "rope_theta": 1e6, "rope_scaling": {"type": "dynamic", "factor": 2.0},
    },
}  # fmt: skip


def test_every_tensor_of_internvl_at_full_size_has_its_place_and_none_is_left():
    with torch.device("meta"):
        authors = Chat(INTERNVL_8B)
        config = transformers.InternVLConfig(**configuration(INTERNVL_8B, image_token=92546))
        native = transformers.InternVLForConditionalGeneration(config)
    own = {name: tuple(tensor.shape) for name, tensor in native.state_dict().items()}
    placed = {
        name: tuple(tensor.shape)
        for name, tensor in weights(iter(authors.state_dict().items()), groups=4, head=128)
    }

    assert own == placed
    assert 8_075_365_376 == sum(parameter.numel() for parameter in authors.parameters())
