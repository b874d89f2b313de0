"""What models cost by their files: the published sizes, hand-computed tokens, and the memory tables of others."""

from dataclasses import replace
from typing import Any

import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
pytest.importorskip("open_clip")
pytest.importorskip("sentencepiece")
import torch  # noqa: E402

from tests.distill.judges.tiny import PROMPT, ROOT, scores_of  # noqa: E402
from tests.distill.tiny_models import (  # noqa: E402
    make_bert,
    make_blip,
    make_clip,
    make_internvl,
    make_llava,
    make_mobilevlm,
    make_qwen,
)
from unirain_core.config.load import load_params  # noqa: E402
from unirain_core.config.models import (  # noqa: E402
    Blip,
    InternVl,
    Llava,
    MobileVlm,
    OpenClip,
    Rewriter,
    SentenceEncoder,
)
from unirain_core.config.sections import JudgeName  # noqa: E402
from unirain_core.distill.costs import Costed, Size, Tower, _sorted_by_use, cost_of, forward_flops, size_of  # noqa: E402
from unirain_core.distill.encoders.blip import BlipCaptioner  # noqa: E402
from unirain_core.distill.encoders.keyphrases import KeyphraseCaptioner  # noqa: E402
from unirain_core.distill.encoders.open_clip import OpenClipImage, OpenClipText  # noqa: E402
from unirain_core.distill.encoders.open_clip import loaded as open_clip_loaded  # noqa: E402
from unirain_core.distill.encoders.rewriter import RewritingCaptioner  # noqa: E402
from unirain_core.distill.encoders.sentence import SentenceText  # noqa: E402
from unirain_core.distill.judges.internvl_questions import most_tiles  # noqa: E402
from unirain_core.distill.judges.judge import Question  # noqa: E402
from unirain_core.stages.judges import JUDGES, JudgeChoice, make_judge  # noqa: E402

SETTINGS: dict[str, Any] = {"revision": "1", "precision": "float32", "batch": 2}
MODELS: dict[str, Any] = {
    "authors": InternVl(weights="internvl/authors", query_tiles=2, **SETTINGS),
    "native": InternVl(weights="internvl/native", query_tiles=2, **SETTINGS),
    "llava": Llava(weights="llava", **SETTINGS),
    "mobilevlm": MobileVlm(weights="mobilevlm", **SETTINGS),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("models")
    make_internvl(home / "internvl")
    make_llava(home / "llava")
    make_mobilevlm(home / "mobilevlm")
    return home


@pytest.fixture
def made(home, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(home))

    def make(name, **changes):
        from dataclasses import replace

        return make_judge(JudgeChoice(JudgeName(name), replace(MODELS[name], **changes), PROMPT, 3))

    return make


@pytest.mark.parametrize("name", MODELS)
def test_a_files_parameters_are_those_of_the_loaded_model(name, made, home):
    judge = made(name)
    size: Any = size_of(home / MODELS[name].weights)
    model = judge.load()._model
    whole = sum(tensor.numel() for tensor in model.state_dict().values())

    assert whole == size.vision + size.language + size.looked_up
    assert 0 < size.looked_up < size.language + size.vision
    assert judge.cost.weight_bytes == 4 * whole


@pytest.mark.parametrize("name", MODELS)
def test_the_tokens_of_the_cost_are_those_that_the_model_reads(name, made, home, monkeypatch):
    """The longest question: a query of many tiles and three references."""
    import numpy as np

    judge = made(name)
    vlm = judge.load()
    seen = []
    language = (
        vlm._model.model.language_model if hasattr(vlm._model.model, "language_model") else vlm._model.model
    )
    language.layers[0].register_forward_hook(lambda _m, args, _o: seen.append(args[0].shape[1]))
    picture = np.zeros((40, 80, 3), np.uint8)
    scores_of(vlm, [Question(picture, [picture] * 3)])
    size: Any = size_of(home / MODELS[name].weights)
    vision_flops = judge.cost.flops - 2 * size.language * seen[0]

    assert 0 == vision_flops % (2 * size.vision)
    # patches of 7 x 7 in pictures, or in tiles, of 28 x 28: 16 each
    pictures = {"authors": 3 + 3, "native": 3 + 3}.get(name, 4)
    assert 16 * pictures == vision_flops / (2 * size.vision)


def test_one_reference_at_a_time_costs_as_many_questions_as_there_are_references(made):
    whole, single = made("mobilevlm").cost, made("mobilevlm", several="pairwise").cost

    assert whole.flops < single.flops < 3 * whole.flops


def test_one_reference_at_a_time_takes_the_memory_of_all_prompts_of_a_batch(made):
    """Two questions with three references each are six prompts."""
    six = replace(MODELS["mobilevlm"], batch=6)
    expected = make_judge(JudgeChoice(JudgeName("mobilevlm"), six, PROMPT, 1)).cost  # type: ignore[attr-defined]

    assert expected.batch_bytes == made("mobilevlm", several="pairwise").cost.batch_bytes


def test_stand_ins_have_no_cost():
    assert not any(isinstance(make(), Costed) for make in JUDGES.values())


def test_names_are_told_apart_in_every_form():
    shapes = {
        "vision_model.encoder.layers.0.attn.qkv.weight": (2, 3), "model.vision_tower.x.weight": (1,), "visual.proj": (5,),
        "language_model.output.weight": (7, 1), "language_model.model.tok_embeddings.weight": (7, 2), "lm_head.weight": (1, 1),
        "model.layers.0.self_attn.o_proj.weight": (10, 10), "mlp1.1.weight": (4,), "division.weight": (3,),
    }  # fmt: skip

    assert Size(vision=12, language=107, looked_up=22) == _sorted_by_use(shapes.items())


def test_keys_and_values_of_the_published_shapes_take_what_others_measured():
    """131, 524 and 328 kB a token in bfloat16, but for what is in work at once."""
    shapes = {
        131_072: Tower(layers=32, width=4096, inner=14336, key_value=1024),
        524_288: Tower(layers=32, width=4096, inner=11008, key_value=4096),
        327_680: Tower(layers=32, width=2560, inner=6912, key_value=2560),
    }
    for kept, tower in shapes.items():
        in_work = 2 * (8 * tower.width + 3 * tower.inner)
        assert kept + in_work == tower.bytes_of_a_token("bfloat16")


@pytest.mark.parametrize(
    ("precision", "held"), [("float32", 44.0), ("bfloat16", 22.0), ("int8", 17.0), ("nf4", 14.5)]
)
def test_weights_take_their_precision_and_a_quantised_model_keeps_its_vision_tower(precision, held):
    size = Size(vision=4, language=5, looked_up=2)

    assert held == cost_of(size, precision, batch=1).weight_bytes


def test_weights_in_a_form_that_must_be_loaded_have_no_size(tmp_path):
    torch.save({}, tmp_path / "ViT.pt")

    assert size_of(tmp_path / "ViT.pt") is None
    assert size_of(tmp_path) is None


@pytest.mark.parametrize("kind", ["blip", "open_clip", "sentence", "rewriter"])
def test_the_parameters_of_encoders_are_those_of_their_loaded_models(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(tmp_path))
    makers = {"blip": make_blip, "open_clip": make_clip, "sentence": make_bert, "rewriter": make_qwen}
    makers[kind](tmp_path / kind)
    own: dict[str, Any] = {"weights": kind, "revision": "1", "precision": "float32"}
    if kind == "open_clip":
        section = OpenClip(architecture="x", **own)
        image: Any = OpenClipImage(section)
        text: Any = OpenClipText(section)
        # the temperature of the logits belongs to neither tower, and the list of parameters to both
        whole = sum(p.numel() for p in open_clip_loaded(section, tmp_path / kind)[0].parameters())
        size: Any = size_of(tmp_path / kind / "open_clip_model.safetensors")
        assert whole == size.vision + size.language + size.looked_up
        assert 2 * size.vision * 16 == image.cost.flops  # 32 / 8 squared
        assert 2 * size.language * 77 == text.cost.flops
        assert 4 * whole == image.cost.weight_bytes + text.cost.weight_bytes
        return
    silent: Any = Silent()
    encoder: Any = {
        "blip": lambda: BlipCaptioner(Blip(max_tokens=5, **own)),
        "sentence": lambda: SentenceText(SentenceEncoder(**own)),
        "rewriter": lambda: RewritingCaptioner(silent, Rewriter(max_tokens=7, **own)),
    }[kind]()
    size = size_of(tmp_path / kind)
    whole = sum(p.numel() for p in encoder._load()[0].parameters())
    tokens = {"blip": 5, "sentence": 32, "rewriter": 21}[kind]

    assert whole == size.vision + size.language + size.looked_up
    assert 2 * size.language * tokens + 2 * size.vision * 16 == encoder.cost.flops


class Silent:
    """A captioner of which no cost is known."""

    form, device, batch = "silent", "cpu", 1

    def captions(self, images):
        return [""] * len(images)


def test_captions_cost_the_caption_their_phrases_and_the_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(tmp_path))
    make_blip(tmp_path / "blip")
    make_bert(tmp_path / "bert")
    make_qwen(tmp_path / "qwen")
    own: dict[str, Any] = {"revision": "1", "precision": "float32"}
    blip, text = (
        BlipCaptioner(Blip(weights="blip", **own)),
        SentenceText(SentenceEncoder(weights="bert", **own)),
    )
    phrases = KeyphraseCaptioner(blip, text, 3)
    rewriting: Any = RewritingCaptioner(phrases, Rewriter(weights="qwen", **own))
    silent: Any = Silent()
    alone: Any = RewritingCaptioner(silent, Rewriter(weights="qwen", **own))
    costs: list[Any] = [blip.cost, text.cost, phrases.cost, rewriting.cost, alone.cost]

    assert costs[2].flops == costs[0].flops + 15 * costs[1].flops
    assert costs[3].flops == costs[2].flops + costs[4].flops
    assert costs[3].weight_bytes == costs[0].weight_bytes + costs[4].weight_bytes


def test_params_of_the_paper_ask_the_two_cheapest_judges_first():
    """Parameters and pictures of the published models; tiles and batch as in params."""
    params = load_params(ROOT / "params.paper.yaml")
    n_words, n_pictures = 200, 1 + params.retrieved_references.keep_structural
    internvl: Any = params.judge_models["internvl"]
    tiles = most_tiles(internvl.query_tiles) + (n_pictures - 1) * most_tiles(internvl.reference_tiles)
    flops = {
        "mobilevlm": forward_flops(2_540_000_000, n_words + 144 * n_pictures)
        + forward_flops(304_000_000, 576 * n_pictures),
        "internvl": forward_flops(6_980_000_000, n_words + 256 * tiles)
        + forward_flops(304_000_000, 1024 * tiles),
        "llava": forward_flops(6_530_000_000, n_words + 729 * n_pictures)
        + forward_flops(428_000_000, 729 * n_pictures),
    }
    third = max(flops, key=flops.__getitem__)

    assert third == params.vlm_votes.judges[-1]
    assert flops["mobilevlm"] < flops["internvl"] < flops["llava"]
