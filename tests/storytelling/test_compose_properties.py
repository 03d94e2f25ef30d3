"""compose() for every input there is: no delimiter occurs in data, the rules are the same bytes, and nothing is refused
by accident. 100,000 collisions are tried nightly, a sample each time.
"""

from __future__ import annotations

import random
import re

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dream.storytelling.blocks import Block, mark_for, read_blocks, write_blocks
from dream.storytelling.brief import Brief
from dream.storytelling.compose import History, compose, rules
from tests.storytelling.test_injection import fragment
from tests.trials import Trials

_HEX = "0123456789abcdef"
MARKS = st.text(_HEX, min_size=8, max_size=8).map("@@{}".format)
NASTY = st.lists(st.one_of(st.text(max_size=40), MARKS, st.sampled_from(["\n", " end", "@@", "\u2028", "\r"]))).map(
    "".join
)


@pytest.mark.parametrize("examples", [200, pytest.param(100_000, marks=pytest.mark.nightly)])
def test_the_rules_are_the_same_bytes_for_every_input_and_no_mark_occurs_in_any(
    examples: int, request: pytest.FixtureRequest
) -> None:
    trials = Trials("Prompts of any input")

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(premise=NASTY, texts=st.lists(NASTY, max_size=4), direction=NASTY)
    def composed(premise: str, texts: list[str], direction: str) -> None:
        brief = Brief.model_construct(premise=premise or "x", language="en")
        made = compose(
            brief, [fragment(text) for text in texts], History((direction,), premise), seed=1, history_budget=900
        )
        assert made.messages[0].text == rules()
        blocks = read_blocks(made.messages[1].text)
        assert [block.text for block in blocks if block.kind == "fragment"] == texts
        (mark,) = re.findall(r"\AThe mark of this request is (@@\w+)\.$", made.messages[1].text, re.MULTILINE)
        assert not [block for block in blocks if mark in block.text]
        trials.count("the same rules, and no mark in the data")

    composed()
    trials.show(request.config)


def _collide(trials: int, seed: int) -> int:
    """Blocks whose text holds thousands of marks, each one that some digest of theirs would give; how many collided."""
    chance = random.Random(seed)
    collided = 0
    for _ in range(trials):
        text = " ".join("@@" + "".join(chance.choices(_HEX, k=8)) for _ in range(3))
        blocks = [Block("premise", text), Block("fragment", text)]
        # The worst there is: a text that holds the first mark it would have been given.
        blocks.append(Block("story", f"{mark_for(blocks)} end\n{mark_for(blocks)}"))
        mark = mark_for(blocks)
        held = write_blocks(blocks, mark)
        collided += sum(mark in block.text for block in blocks)
        collided += len(re.findall(rf"^{mark} end$", held, re.MULTILINE)) != len(blocks)
    return collided


@pytest.mark.parametrize("trials", [2_000, pytest.param(100_000, marks=pytest.mark.nightly)])
def test_no_delimiter_occurs_in_data(trials: int, request: pytest.FixtureRequest) -> None:
    collided = _collide(trials, seed=trials)
    counted = Trials("Delimiter collisions")
    counted.count("apart", trials - collided)
    counted.show(request.config)
    assert collided == 0


ODD = st.text(
    st.one_of(st.characters(), st.sampled_from("\x00\ud800\udfff\u202e\u2066\ufeff\u200b\U000e0041")), max_size=30
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(premise=ODD, hero=ODD, query=ODD)
def test_no_text_is_an_error_of_ours(client: FlaskClient, premise: str, hero: str, query: str) -> None:
    escaped = {name: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") for name, text in
               (("premise", premise), ("hero", hero))}  # fmt: skip
    for answer in (
        client.post("/api/v1/stories", json={"length": "short", "grounding": "strict", **escaped}),
        client.get("/api/v1/search", query_string={"q": query.encode("utf-8", "surrogatepass")}),
    ):
        assert answer.status_code < 500 or answer.status_code == 503
