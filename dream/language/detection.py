"""Which language a text is in, told by its script and, in Latin script, by its commonest words."""

from __future__ import annotations

import re
from collections import Counter

_ENOUGH = 4000  # characters looked at
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")

# By what share of the letters a script is told; Japanese comes before Chinese, as it writes in Han as well.
_SCRIPTS = (
    ("ko", re.compile("[가-힣]"), 0.25),
    ("ja", re.compile("[ぁ-ヿ]"), 0.15),
    ("zh", re.compile("[一-鿿]"), 0.25),
    ("ru", re.compile("[а-яё]", re.IGNORECASE), 0.5),
    ("el", re.compile("[α-ωά-ώ]", re.IGNORECASE), 0.5),
    ("he", re.compile("[א-ת]"), 0.5),
    ("ar", re.compile("[ء-ي]"), 0.5),
    ("hi", re.compile("[अ-ह]"), 0.3),
    ("th", re.compile("[ก-ฮ]"), 0.3),
)
_COMMON = {
    "en": "the and of to a in that he was it his with as had for she not her but at on they be him is you which i",
    "de": "der die und das er sie es nicht ein zu in den ich war dem mit sich des auf eine so da wie als aber",
    "fr": "le la les et de un une il elle que qui dans des du pas en au est ne se lui mais sur avec ce je vous",
    "es": "el la los las y de que en un una no se con su por lo para le era es como pero del al más yo",
    "it": "il la che di e un una non si in per con del le gli era lo ma al come sua suo della più è",
    "pt": "o a os as e de que um uma não se com do da em para na no por ele ela mas era ao seu sua",
    "nl": "de het een en van dat hij zij ze niet was in op te zijn met aan die er maar om haar naar als",
}
_LANGUAGES = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_CLEARLY = 1.3  # times as many common words as English has


def detected_language(text: str) -> str:
    """The two letters of the language that the beginning of a text is in; "en" where nothing says otherwise."""
    start = text[:_ENOUGH]
    letters = len(_LETTER.findall(start))
    for language, script, share in _SCRIPTS:
        if letters and len(script.findall(start)) >= share * letters:
            return language
    words = Counter(_WORD.findall(start.casefold()))
    common = {language: sum(words[word] for word in own) for language, own in _LANGUAGES.items()}
    best = max(common, key=lambda language: common[language])
    return best if common[best] > _CLEARLY * common["en"] and common[best] * 10 >= words.total() else "en"
