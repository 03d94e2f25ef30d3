"""What a reader asks for."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dream.language.hangul import language_of
from dream.wording import worded

Length = Literal["short", "medium", "long"]
Language = Literal["en", "ko"]
Grounding = Literal["strict", "inspired", "free"]

PREMISE_LIMIT = 2000
# How many words a scene of each length should have, by language (Korean counts 어절, which carry more each).
WORDS: dict[Language, dict[Length, tuple[int, int]]] = {
    "en": {"short": (200, 400), "medium": (400, 900), "long": (900, 1600)},
    "ko": {"short": (130, 260), "medium": (260, 600), "long": (600, 1100)},
}
_UNFIT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")


def clean(text: str) -> str:
    """A reader's words as dream keeps them: NFC, plain line ends, no invisible direction or tag characters, trimmed.

    Raises ValueError where they hold control characters or half of a surrogate pair.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _UNFIT.search(text):
        raise ValueError(
            worded("It holds control characters, or half of a character. Please type it again as plain text.")
        )
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip()


def _spoken(text: str) -> str:
    text = clean(text)
    if not any(c.isalnum() for c in text):
        raise ValueError("Please write a few words about the story you would like.")
    return text


Words = Annotated[str, Field(max_length=200), AfterValidator(clean)]


class Brief(BaseModel):
    """Premise and wishes of one story. Only the premise must be given; language follows it when not named."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    premise: Annotated[str, Field(min_length=1, max_length=PREMISE_LIMIT), AfterValidator(_spoken)] = Field(
        description="What the story is about, in the reader's words."
    )
    hero: Words = Field("", description="Who it is about.")
    place: Words = Field("", description="Where it happens.")
    tone: Words = Field("", description="How it should sound, for example gentle, wry or eerie.")
    length: Length = Field("medium", description="How long each scene is.")
    language: Language | None = Field(None, description="The story's language; the premise's own when not given.")
    grounding: Grounding = Field("inspired", description="How closely the story keeps to what the fragments tell.")
    corpus: Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$")] | None = Field(
        None, description="The corpus that the story draws on; the service's default when not given."
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        None, description="The same seed and brief give the same story from the loom; chosen when not given."
    )

    @property
    def spoken_language(self) -> Language:
        return self.language or ("ko" if language_of(self.premise) == "ko" else "en")
