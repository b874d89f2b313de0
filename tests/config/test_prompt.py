"""The prompt and its other words are files that a person can read and change."""

from dataclasses import replace
from pathlib import Path

import pytest

from unirain_core.artefacts import paths
from unirain_core.config.load import load_paraphrases, load_prompt
from unirain_core.distill.prompt import parts
from unirain_core.errors import ConfigError

ROOT = Path(__file__).parents[2]
PROMPT, OTHERS = load_prompt(ROOT / paths.PROMPT), load_paraphrases(ROOT / paths.PARAPHRASES)


def test_there_are_three_paraphrases_and_none_is_the_prompt():
    words = {(one.instruction, one.question, one.alone) for one in OTHERS.paraphrases}

    assert 3 == len(words)
    assert (PROMPT.instruction, PROMPT.question, PROMPT.alone) not in words


def test_every_paraphrase_names_yes_before_no_and_the_swapped_one_no_before_yes():
    for one in OTHERS.paraphrases:
        for text in (one.question, one.alone):
            assert text.index("Yes") < text.index("No")
    for text in (OTHERS.swapped.question, OTHERS.swapped.alone):
        assert text.index("No") < text.index("Yes")


def test_the_swapped_words_are_those_of_the_prompt_but_for_the_two_answers():
    assert OTHERS.swapped.instruction == PROMPT.instruction
    assert OTHERS.swapped.question.replace("No or Yes", "Yes or No") == PROMPT.question
    assert OTHERS.swapped.alone.replace("No or Yes", "Yes or No") == PROMPT.alone


def test_a_prompt_in_other_words_keeps_labels_and_answers():
    other = OTHERS.paraphrases[0].of(PROMPT)

    assert OTHERS.paraphrases[0].question == other.question
    assert (PROMPT.reference, PROMPT.words_yes) == (other.reference, other.words_yes)


def test_a_misspelt_key_is_named(tmp_path):
    text = (ROOT / paths.PARAPHRASES).read_text(encoding="utf-8").replace("question:", "questions:", 1)
    (tmp_path / "words.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"words\.yaml: .*question"):
        load_paraphrases(tmp_path / "words.yaml")


@pytest.mark.parametrize("words", ["R {number} of {total}:", "R {number} {:", "{} R {number}:"])
def test_other_braces_of_a_label_are_shown_as_they_are(words):
    shown = parts(replace(PROMPT, reference=words), 2)

    assert f"\n{words.replace('{number}', '2')} " == shown[4]
