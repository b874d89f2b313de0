"""Captioner, image encoder and judges at their published sizes, with random weights: what `benchmarks/vlm.py` times.

Only torch and transformers are imported, so that the program runs on a bare GPU machine. Shapes are those of the published
configurations; the number of parameters of each is tested against its checkpoint.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch
import transformers
from torch import Tensor, nn

from unirain_core.compat import ensure_torchvision

ensure_torchvision()  # before transformers meets a torchvision that was built for another torch
from unirain_core.distill.judges.mobilevlm_model import MobileVlmConfig, MobileVlmForCausalLM  # noqa: E402

WORDS = 128
"""Tokens of P with its labels and the template. The shipped prompt has about 500 letters, four to a token."""
CAPTION_TOKENS = 30
"""A random model never stops by itself, so every caption has the longest length; a real one is about a third of it."""


TINY_BATCH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One model, and what it is given for one item."""

    name: str
    make: Callable[[], nn.Module]
    """Builds it on the current default device."""
    processor: str
    """Class of transformers that makes pixels of pictures."""
    side: int
    """Of a tile, in pixels."""
    tiles: tuple[int, ...] = (1,)
    """Tiles of each picture of an item: the query's, and those of three references."""
    tile_tokens: int = 0
    """Places that a tile takes in the prompt; 0: it takes none, since the item is a picture alone."""
    batch: int
    run: Callable[[nn.Module, Tensor, Tensor], object] = field(repr=False)
    """Model, (B, L) tokens and (N, 3, S, S) pixels to whatever comes out."""

    @property
    def length(self) -> int:
        """Tokens of one question."""
        return WORDS + sum(self.tiles) * self.tile_tokens


def shapes(*, tiny: bool) -> list[Shape]:
    """The five models of the paper's profile, or models of the same architectures that run on any machine."""
    return [blip(tiny), clip(tiny), internvl(tiny), llava(tiny), mobilevlm(tiny)]


def blip(tiny: bool) -> Shape:
    """BLIP large."""
    vision = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
              "image_size": 384, "patch_size": 16}  # fmt: skip
    text = {"hidden_size": 768, "encoder_hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 12,
            "num_attention_heads": 12, "vocab_size": 30524}  # fmt: skip
    if tiny:
        vision |= {
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 32,
        }
        text |= {"hidden_size": 32, "encoder_hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
                 "num_attention_heads": 2}  # fmt: skip
    config = transformers.BlipConfig(text_config=text, vision_config=vision)
    make = partial(transformers.BlipForConditionalGeneration, config)
    return Shape(
        name="captions (BLIP large)", make=make, processor="BlipImageProcessor", side=vision["image_size"], batch=TINY_BATCH if tiny else 64,
        run=_caption,
    )  # fmt: skip


def clip(tiny: bool) -> Shape:
    """CLIP ViT-L/14 of transformers: the same shape as open_clip's, which a bare machine does not have."""
    vision = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
              "image_size": 224, "patch_size": 14}  # fmt: skip
    text = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
    if tiny:
        vision |= {
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 28,
        }
        text |= {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.CLIPConfig(
        text_config=text, vision_config=vision, projection_dim=32 if tiny else 768
    )
    make = partial(transformers.CLIPModel, config)
    return Shape(
        name="vectors (CLIPModel of ViT-L/14)", make=make, processor="CLIPImageProcessor", side=vision["image_size"],
        batch=TINY_BATCH if tiny else 256, run=_vectors,
    )  # fmt: skip


def internvl(tiny: bool) -> Shape:
    """InternVL2.5-8B; of at most four tiles a query of 16:9 gets two, with the whole of it beside them; each reference is one."""
    vision = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
              "image_size": [448, 448], "patch_size": [14, 14], "attention_bias": True, "use_qk_norm": False,
              "norm_type": "layer_norm"}  # fmt: skip
    text = {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 92553, "rms_norm_eps": 1e-5,
            "max_position_embeddings": 32768, "tie_word_embeddings": False}  # fmt: skip
    side = 448
    if tiny:
        side = 28
        vision |= {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
                   "image_size": [28, 28], "patch_size": [7, 7]}  # fmt: skip
        text |= {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
                 "num_key_value_heads": 2}  # fmt: skip
    config = transformers.InternVLConfig(
        vision_config=vision, text_config=text, image_token_id=1, tie_word_embeddings=False
    )
    make = partial(transformers.InternVLForConditionalGeneration, config)
    return Shape(
        name="votes (InternVL2.5-8B)", make=make, processor="GotOcr2ImageProcessor", side=side, tiles=(3, 1, 1, 1),
        tile_tokens=4 if tiny else 256, batch=TINY_BATCH if tiny else 4, run=_vote,
    )  # fmt: skip


def llava(tiny: bool) -> Shape:
    """LLaVA-NeXT-Interleave-7B."""
    vision = {"model_type": "siglip_vision_model", "hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 26,
              "num_attention_heads": 16, "image_size": 384, "patch_size": 14, "vision_use_head": False}  # fmt: skip
    text = {"model_type": "qwen2", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 152000, "max_position_embeddings": 32768,
            "tie_word_embeddings": False}  # fmt: skip
    if tiny:
        vision |= {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
                   "image_size": 28, "patch_size": 7}  # fmt: skip
        text |= {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
                 "num_key_value_heads": 4}  # fmt: skip
    config = transformers.LlavaConfig(
        vision_config=vision, text_config=text, image_token_index=1, vision_feature_layer=-1,
        vision_feature_select_strategy="full", tie_word_embeddings=False,
    )  # fmt: skip
    make = partial(transformers.LlavaForConditionalGeneration, config)
    side, patch = config.vision_config.image_size, config.vision_config.patch_size
    return Shape(
        name="votes (LLaVA-Interleave-7B)", make=make, processor="SiglipImageProcessor", side=side, tiles=(1, 1, 1, 1),
        tile_tokens=(side // patch) ** 2, batch=TINY_BATCH if tiny else 4, run=_vote,
    )  # fmt: skip


def mobilevlm(tiny: bool) -> Shape:
    """MobileVLM-3B: our own class."""
    small = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 28,
             "patch_size": 7, "projection_dim": 16}  # fmt: skip
    sizes = {"hidden_size": 2560, "intermediate_size": 6912, "num_hidden_layers": 32, "num_attention_heads": 32,
             "num_key_value_heads": 32}  # fmt: skip
    if tiny:
        sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
                 "num_key_value_heads": 4}  # fmt: skip
    config = MobileVlmConfig(
        vision=small if tiny else None, vocab_size=32000, tie_word_embeddings=False, **sizes
    )
    side, patch = config.vision["image_size"], config.vision["patch_size"]
    return Shape(
        name="votes (MobileVLM-3B)", make=partial(MobileVlmForCausalLM, config), processor="CLIPImageProcessor", side=side,
        tiles=(1, 1, 1, 1), tile_tokens=((side // patch + 1) // 2) ** 2, batch=TINY_BATCH if tiny else 16, run=_vote_of_mobilevlm,
    )  # fmt: skip


def _caption(model: nn.Module, tokens: Tensor, pixels: Tensor) -> object:
    n_tokens = {"min_new_tokens": CAPTION_TOKENS, "max_new_tokens": CAPTION_TOKENS}
    return model.generate(pixel_values=pixels, num_beams=1, do_sample=False, **n_tokens)  # type: ignore[operator]


def _vectors(model: nn.Module, tokens: Tensor, pixels: Tensor) -> object:
    return model.get_image_features(pixel_values=pixels)  # type: ignore[operator]


def _vote(model: nn.Module, tokens: Tensor, pixels: Tensor) -> object:
    mask = torch.ones_like(tokens)
    return model(input_ids=tokens, attention_mask=mask, pixel_values=pixels, logits_to_keep=1).logits


def _vote_of_mobilevlm(model: nn.Module, tokens: Tensor, pixels: Tensor) -> object:
    features = model.features(pixels).flatten(0, 1)  # type: ignore[operator]
    embeddings = model.get_input_embeddings()(tokens)  # type: ignore[operator]
    embeddings[tokens == 1] = features.to(embeddings.dtype)
    return model(inputs_embeds=embeddings, attention_mask=torch.ones_like(tokens), logits_to_keep=1).logits
