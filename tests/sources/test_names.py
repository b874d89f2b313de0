"""A rule's candidate names one file, several, or none; and what is nearly called so is told."""

import unicodedata

import pytest

from unirain_core.sources.names import Names, writable


def test_of_two_files_of_one_stem_neither_is_preferred():
    names = Names.of(["gt/1.jpg", "gt/1.png", "gt/1.txt"])

    assert ("gt/1.jpg", "gt/1.png") == names.find("gt/1.webp", any_suffix=True)
    assert ("gt/1.png",) == names.find("gt/1.png", any_suffix=True)


def test_of_two_folders_that_differ_in_letter_case_neither_is_preferred_unless_one_is_exact():
    names = Names.of(["GT/1.png", "Gt/1.png"])

    assert ("GT/1.png", "Gt/1.png") == names.find("gt/1.png", any_suffix=False)
    assert ("Gt/1.png",) == names.find("Gt/1.png", any_suffix=False)


COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "gt/café.png") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("there", "wanted", "any_suffix", "near"),
    [
        ("gt/Rain.png", "gt/rain.png", False, ("gt/Rain.png", "letter case")),
        ("gt/1.PNG", "gt/1.png", False, ("gt/1.PNG", "letter case")),
        ("gt/Rain.jpg", "gt/rain.png", True, ("gt/Rain.jpg", "letter case")),
        (DECOMPOSED, COMPOSED, False, (DECOMPOSED, "Unicode form")),
        (COMPOSED, DECOMPOSED, True, (COMPOSED, "Unicode form")),
        ("gt/2.png", "gt/1.png", True, None),
        ("other/1.PNG", "gt/1.png", True, None),
    ],
)
def test_a_name_that_differs_in_case_or_unicode_form_only_is_near(there, wanted, any_suffix, near):
    assert near == Names.of([there]).near(wanted, any_suffix=any_suffix)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a b/ü é\u0301 \U0001f327.png", "a b/ü é\u0301 \U0001f327.png"),
        ("a\n.png", r"a\u000a.png"),
        ("a\x1b[31m.png", r"a\u001b[31m.png"),
        ("a\u2028.png", r"a\u2028.png"),
        ("a\udcff.png", r"a\xff.png"),
        ("back\\slash.png", "back\\slash.png"),
        ("back\\slash\n", r"back\\slash\u000a"),
    ],
)
def test_a_path_is_written_as_it_is_unless_it_would_tear_lines_or_steer_a_terminal(path, shown):
    assert shown == writable(path)
