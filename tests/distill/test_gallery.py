"""The page is one file that asks nothing of the network, and says what it shows."""

import json
import re

import polars as pl

from unirain_core.artefacts.schemas import Reference, Vote
from unirain_core.distill.gallery import DROPPED, POOL, Card, card, choose, gather, page


def shown(name, level="distilled", reason="accepted", rain_type="drs", **more):
    return Card(id=name, level=level, reason=reason, source="s", rain_type=rain_type, **more)


def row(name, **more):
    return {**dict.fromkeys(POOL, ""), "id": name, "level": "distilled", "reason": "accepted", **more}


def content(html):
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_a_page_holds_its_cards_pictures_and_meanings():
    html = page([shown("a/1")], {"a/1": ("UklG", None)}, totals={"distilled": 1}, judges=["internvl"])

    assert ["a/1"] == [c["id"] for c in content(html)["cards"]]
    assert {"a/1": ["UklG", None]} == content(html)["pictures"]
    assert ["accepted"] == list(content(html)["meanings"])
    assert [] == content(html)["notes"]


def test_a_page_names_no_address_and_loads_nothing():
    html = page([], {}, totals={}, judges=[])

    assert not re.search(r"https?:|src=\"|href=|@import|url\(", html)


def test_text_of_a_dataset_cannot_leave_its_place():
    evil = shown("</script><script>alert(1)</script>", caption="<!-- \u2028")
    html = page([evil], {}, totals={"distilled": 1}, judges=[])

    assert 2 == html.count("</script>")
    assert evil.id == content(html)["cards"][0]["id"]


def test_stand_in_judges_are_named_as_such():
    html = page([], {}, totals={}, judges=["internvl", "statistics/nss"])

    assert content(html)["notes"] == ["stand-ins measured statistics where models would run: statistics/nss"]


def test_a_sampled_page_says_so():
    (note,) = content(page([shown("a")], {}, totals={"distilled": 4000, "dropped": 1000}, judges=[]))["notes"]

    assert "1 of 5,000" in note


def test_the_levels_tell_the_numbers_before_the_choice_and_absent_ones_are_left_out():
    html = page([shown("a")], {}, totals={"distilled": 4000, "dropped": 1000}, judges=[])

    assert [("distilled", 4000), ("dropped", 1000)] == [
        (x["name"], x["total"]) for x in content(html)["levels"]
    ]


def test_a_sample_takes_from_every_group_by_turns():
    many = [row(f"k{i:03}") for i in range(100)]
    few = [row(f"r{i}", level="low_fidelity", reason="rejected") for i in range(3)]
    chosen = choose(pl.DataFrame([*many, *few]), 10)

    assert 10 == len(chosen)
    assert ["r0", "r1", "r2"] == chosen.filter(pl.col("reason") == "rejected")["id"].to_list()
    assert sorted(chosen["id"]) == chosen["id"].to_list()


def test_a_sample_is_the_same_in_whatever_order_the_rows_stand():
    rows = [row(f"k{i:03}", rain_type="drs" if i % 3 else "nrd") for i in range(60)]

    assert choose(pl.DataFrame(rows), 7).rows() == choose(pl.DataFrame(rows[::-1]), 7).rows()


def test_a_card_of_a_judged_pair_tells_votes_and_references_in_order():
    votes = [
        Vote(
            pair_id="p",
            judge="j",
            vote=None,
            p_yes=0.5,
            mass=1.0,
            reply="",
            reason="dark",
            threshold=0.5,
            prompt_hash="",
        ),
        Vote(
            pair_id="q",
            judge="j",
            vote=True,
            p_yes=1.0,
            mass=1.0,
            reply="",
            reason="",
            threshold=0.5,
            prompt_hash="",
        ),
    ]
    references = [
        Reference(pair_id="p", rank=r, reference_id=f"photo{r}", s_txt=0.1, s_vis=0.2, s_perc=0.3)
        for r in (1, 0)
    ]
    judged = row("p", level="low_fidelity", reason="rejected", origin="synthetic")
    made = card(judged, gather({"p": "rain"}, votes, references))

    assert ("rain", "synthetic", "rejected") == (made.caption, made.origin, made.reason)
    assert [{"judge": "j", "vote": "abstained", "p": 0.5, "from": 0.5, "why": "dark"}] == list(made.votes)
    assert ["photo0", "photo1"] == [r["id"] for r in made.references]


def test_a_dropped_pair_shows_its_reason_and_detail():
    lost = row("p", level=DROPPED, reason="duplicate", detail="q")
    made = card(lost, gather({"p": "rain"}, [], []))

    assert ("dropped", "duplicate", "q", "") == (made.level, made.reason, made.detail, made.caption)
