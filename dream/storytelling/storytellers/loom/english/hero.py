"""Someone in a story, with the words that stand for them."""

from __future__ import annotations

from dataclasses import dataclass

from dream.storytelling.storytellers.loom.english.vocabulary import Gender

_FORMS = {
    "he": ("he", "him", "his", "his", "himself", "was"),
    "she": ("she", "her", "her", "hers", "herself", "was"),
    "it": ("it", "it", "its", "its own", "itself", "was"),
    "they": ("they", "them", "their", "theirs", "themselves", "were"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """`first` is the phrase at a first mention ("a ferryman"), `name` the phrase after it ("the ferryman", "Mara")."""

    first: str
    name: str
    pronoun: Gender
    plural: bool = False

    def slots(self, prefix: str = "") -> dict[str, str]:
        """The slots of a frame: {hero}, {a_hero}, {he}, {him}, {his}, {hers}, {himself}, {was}; a prefix marks
        another figure's."""
        he, him, his, hers, himself, was = _FORMS[self.pronoun or "they"]
        own = {"he": he, "him": him, "his": his, "hers": hers, "himself": himself, "was": was}
        if prefix:
            return {
                prefix: self.name,
                f"a_{prefix}": self.first,
                **{f"{prefix}_{key}": value for key, value in own.items()},
            }
        return {"hero": self.name, "a_hero": self.first, **own, "hero_was": "were" if self.plural else "was"}
