"""What is looked for: the brief's wishes for a first scene, then where the story has got to."""

from __future__ import annotations

from dream.service import Service
from dream.store.fragment import Fragment
from dream.storytelling.brief import Brief
from dream.storytelling.compose import History
from dream.storytelling.query import MOST_CHARACTERS, MOST_QUERIES, queries

FIRST = History((), "")
LIE = "A lighthouse keeper must not lie in the lamp room."
PEDLAR = "A pedlar keeps getting back a button that belongs to no coat."


def test_a_short_premise_is_one_wish() -> None:
    assert queries(Brief(premise=LIE), FIRST) == [LIE]


def test_hero_place_and_tone_are_a_wish_apart_from_the_premise() -> None:
    brief = Brief(premise=LIE, hero="Ilse", place="the tidal flats", tone="wry")
    assert queries(brief, FIRST) == [LIE, "Ilse the tidal flats wry"]


def test_what_a_long_premise_says_last_is_a_wish_of_its_own() -> None:
    long = " ".join([LIE] * 7)
    assert queries(Brief(premise=f"{long} {PEDLAR}"), FIRST) == [long, PEDLAR]
    assert queries(Brief(premise=f"{long} {PEDLAR}", hero="Ilse"), FIRST) == [long, "Ilse", PEDLAR]


def test_wishes_are_few_and_short() -> None:
    found = queries(Brief(premise=" ".join([LIE, PEDLAR] * 15), hero="Ilse"), FIRST)
    assert len(found) == MOST_QUERIES
    assert all(len(wish) <= MOST_CHARACTERS for wish in found)
    endless = queries(Brief(premise="lamp " * 300), FIRST)
    assert endless == [("lamp " * 80).strip()]


def test_a_later_scene_asks_for_what_the_reader_wants_then_for_what_has_just_happened() -> None:
    scenes = ("It began long ago. Nobody knew why.", f"Old news. {PEDLAR} He sighed. He went on.")
    brief = Brief(premise=LIE, hero="Ilse", place="Sellen")
    assert queries(brief, History(scenes, "Let the fog come.")) == [
        "Let the fog come.", f"{PEDLAR} He sighed. He went on.", f"{LIE} Ilse",
    ]  # fmt: skip
    assert queries(brief, History(scenes, "")) == [f"{PEDLAR} He sighed. He went on.", f"{LIE} Ilse"]


def test_the_end_of_a_scene_is_kept_where_its_last_sentences_are_long() -> None:
    wordy = "He walked " + "and walked " * 60 + "home."
    assert queries(Brief(premise=LIE), History((f"{wordy} {PEDLAR}",), ""))[0] == PEDLAR
    endless = queries(Brief(premise=LIE), History((wordy,), ""))[0]
    assert endless.endswith("walked home.")
    assert len(endless) <= MOST_CHARACTERS


def test_the_same_wish_is_made_once() -> None:
    assert queries(Brief(premise=LIE), History((LIE,), LIE)) == [LIE]


def test_korean_scenes_are_followed_by_their_last_sentences() -> None:
    brief = Brief(premise="서로 말을 모르는 두 뱃사공", hero="막동")
    scene = "봄이 왔다. 배가 떴다. “가자.” 하고 막동이 말했다. 펠은 웃었다. 물이 돌아왔다."
    assert queries(brief, History((scene,), ""))[0] == "“가자.” 하고 막동이 말했다. 펠은 웃었다. 물이 돌아왔다."


def laid(service: Service, brief: Brief, history: History) -> list[Fragment]:
    found = service.retriever.for_story(
        service.corpus("starter").id, queries(brief, history), limit=4, budget=4000, language=brief.spoken_language
    )
    return [hit.fragment for hit in found.hits]


def test_fragments_follow_the_brief_and_then_the_story(stocked: Service) -> None:
    def titles(brief: Brief, history: History) -> list[str]:
        return [fragment.title for fragment in laid(stocked, brief, history)]

    assert titles(Brief(premise=LIE), FIRST)[0] == "Ask Him on the Stairs"
    assert {"Ask Him on the Stairs", "Eleven Coats"} == set(titles(Brief(premise=LIE, hero=PEDLAR), FIRST)[:2])
    told = History((f"The lamp went out. {PEDLAR} He had sold the blue button eleven times.",), "")
    assert titles(Brief(premise=LIE), told)[0] == "Eleven Coats"


def test_korean_fragments_follow_the_brief_and_then_the_story(stocked: Service) -> None:
    brief = Brief(premise="두 사공이 봄 사리마다 모래톱에서 만난다")
    assert "봄 사리가 되면" in laid(stocked, brief, FIRST)[0].text
    told = History(("물이 돌아왔다. 자경은 돌아오는 배 안에서 보고를 썼다. 관청에서는 삯이 아깝다고 했다.",), "")
    assert "보고를 썼다" in laid(stocked, brief, told)[0].text
