"""A further model of transformers as a judge, by params alone: a tiny LLaVA with its processor."""

import shutil

import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
from tests.distill.judges.test_internvl import QUESTIONS  # noqa: E402
from tests.distill.judges.test_llava import folder  # noqa: E402, F401
from tests.distill.judges.tiny import PROMPT, scores_of  # noqa: E402
from unirain_core.config.models import AnyVlm, Llava  # noqa: E402
from unirain_core.distill.judges.any_vlm import AnyVlmModel, any_vlm_judge  # noqa: E402
from unirain_core.distill.judges.llava import TEMPLATE, LlavaModel  # noqa: E402
from unirain_core.errors import ConfigError  # noqa: E402

INTERLEAVED = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for c in m.content %}"
    "{% if c.type == 'image' %}<image>{% else %}{{ c.text }}{% endif %}{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PICTURES_FIRST = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% for c in m.content if c.type == 'image' %}<image>{% endfor %}"
    "{% for c in m.content if c.type == 'text' %}{{ c.text }}{% endfor %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
"""As on the hub: all pictures, and then all words."""


@pytest.fixture(scope="module")
def with_processor(folder, tmp_path_factory):  # noqa: F811
    def make(template):
        place = tmp_path_factory.mktemp("any") / "tiny"
        shutil.copytree(folder, place)
        tokenizer = transformers.AutoTokenizer.from_pretrained(place)
        images = transformers.SiglipImageProcessorPil(size={"height": 28, "width": 28})
        processor = transformers.LlavaProcessor(
            image_processor=images, tokenizer=tokenizer, patch_size=7, vision_feature_select_strategy="full",
            num_additional_image_tokens=0, chat_template=template, image_token="<image>",
        )  # fmt: skip
        processor.save_pretrained(place)
        return place

    return make


def section(**changes):
    return AnyVlm(**{"weights": "tiny", "revision": "1", "precision": "float32", **changes})


def test_it_gives_the_scores_of_the_judge_that_was_written_for_the_model(with_processor):
    place = with_processor(INTERLEAVED)
    ours = scores_of(
        LlavaModel(place, Llava(weights="x", revision="1", precision="float32"), PROMPT), QUESTIONS
    )
    model = AnyVlmModel(place, section(), PROMPT)

    torch.testing.assert_close(scores_of(model, QUESTIONS), ours, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(scores_of(model, QUESTIONS[1:2]), ours[1:2], atol=1e-5, rtol=1e-5)


def test_a_judge_needs_params_alone(with_processor, monkeypatch):
    place = with_processor(INTERLEAVED)
    monkeypatch.setenv("UNIRAIN_MODELS", str(place.parent))
    judge = any_vlm_judge("fourth", section(), PROMPT, 3)

    assert judge.prompt.startswith(TEMPLATE.partition("{")[0])
    assert 3 == len(judge.judge(QUESTIONS))


def test_a_template_that_takes_the_pictures_from_their_labels_is_refused(with_processor, monkeypatch):
    place = with_processor(PICTURES_FIRST)
    monkeypatch.setenv("UNIRAIN_MODELS", str(place.parent))

    with pytest.raises(
        ConfigError, match=r"shows no picture after 'Query:'; give it a template .*chat_template\.jinja"
    ):
        any_vlm_judge("fourth", section(), PROMPT, 3)


def test_a_question_that_does_not_fit_is_refused(with_processor, monkeypatch):
    place = with_processor(INTERLEAVED)
    monkeypatch.setenv("UNIRAIN_MODELS", str(place.parent))

    with pytest.raises(ConfigError, match=r"a question has up to .* raise max_context"):
        any_vlm_judge("fourth", section(max_context=100), PROMPT, 3)
