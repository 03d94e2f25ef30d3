"""The English loom: a request in, the lines of one scene out."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

from dream.storytelling.brief import WORDS
from dream.storytelling.storytellers.loom.english.frames import Chooser, pairs, tone_of
from dream.storytelling.storytellers.loom.english.hero import Figure
from dream.storytelling.storytellers.loom.english.place import Place
from dream.storytelling.storytellers.loom.english.plan import Plan
from dream.storytelling.storytellers.loom.english.premise import Premise, read_premise
from dream.storytelling.storytellers.loom.english.scene import Scene
from dream.storytelling.storytellers.loom.english.sources import sources_of
from dream.storytelling.storytellers.loom.english.words import straight, typeset
from dream.storytelling.storytellers.loom.line import Line
from dream.storytelling.storytellers.loom.reading import Request

_NOWHERE = (
    Place("in a town with one road out of it", "the town"),
    Place("in a village that the maps spell two ways", "the village"),
    Place("in a street behind the harbour", "the street"),
    Place("in a valley where it was evening by four", "the valley"),
    Place("in the last house but one", "the last house but one"),
)


def weave(request: Request) -> list[Line]:
    """The lines of the scene; the same request gives the same lines."""
    request = replace(request, told=straight(request.told))
    premise = read_premise(request)
    rng = random.Random(  # noqa: S311, the same story for the same seed, not a secret
        _digest(f"{request.seed}\n{request.premise}\n{request.told}\n{request.direction}")
    )
    own = f"{request.premise} {request.hero} {request.place} {request.direction}"
    chooser = Chooser(
        f"{request.premise}\n{request.told}",
        request.seed,
        tone_of(request.tone),
        [passage.text for passage in request.passages],
        own,
    )
    scene = Scene(rng, chooser, premise.hero, _slots(request, premise, chooser), request.told)
    sources = sources_of(request.passages, premise.hero, own, request.told, rng)
    low, high = WORDS["en"][request.length]  # type: ignore[index]
    plan = Plan(request, premise, scene, sources, (low + high) // 2, high)
    lines = plan.next_scene() if request.told else plan.first_scene()
    return [replace(line, text=typeset(line.text)) for line in lines]


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def _slots(request: Request, premise: Premise, chooser: Chooser) -> dict[str, str]:
    place = premise.place or _NOWHERE[_digest(request.premise) % len(_NOWHERE)]
    guide = _guide(request, premise.hero, chooser)
    return {
        **premise.hero.slots(),
        **guide.slots("guide"),
        "place": place.name,
        "at_place": place.at,
        "theme": premise.theme,
        "the_token": "",
        "known": "",
    }


def _guide(request: Request, hero: Figure, chooser: Chooser) -> Figure:
    """Whom the hero meets: the one of the scene before, where there was one; of the other pronoun, so that nobody is
    mixed up."""
    known = [
        Figure(first, name, "she" if pronoun == "she" else "he") for pronoun, first, name in pairs("guides", "guides")
    ]
    met = [guide for guide in known if guide.name in request.told]
    if met:
        return met[0]
    fit = [
        guide
        for guide in known
        if guide.pronoun != hero.pronoun and guide.name.split()[-1] not in f"{hero.name} {request.premise}"
    ]
    return min(chooser.turned("guides", fit), key=lambda guide: chooser.clash(guide.first, let_pass=0))
