"""The languages that pages speak: English, in which everything is written, and those that have a catalogue.

A reader's own choice (dream.web.look) goes before what their browser asks for. Catalogues are read from the files that
translators edit: nothing compiled can be out of step with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, request
from flask_babel import Babel, Domain, format_date, get_locale

from dream.web.look import LANGUAGES, look

FOLDER = Path(__file__).parent / "translations"
ENGLISH = "en"
SPOKEN = tuple(filter(None, LANGUAGES))

_SLOT = re.compile(r"%\((\w+)\)[sd]")
_SENTENCE = re.compile(r"[.?!…][”\"]?\Z")
_NO_SENTENCE = r"(?!.*[.?!…][”\"]?\Z)"
_BETWEEN_SENTENCES = re.compile(r"(?<=[.?]) ")


def speak(app: Flask) -> None:
    """Lets pages and problem documents speak their reader's language; `_()` in templates, `gettext` in views."""
    babel = Babel(app, locale_selector=_asked_for, default_locale=ENGLISH)
    babel.domain_instance = _Catalogues()
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.add_template_global(page_language)
    app.add_template_filter(translated)
    app.add_template_filter(day)
    app.after_request(_say_which)


def page_language() -> str:
    """The language of the page that is being made."""
    return str(get_locale() or ENGLISH)


def day(moment: float) -> str:
    """A time as a person says it: the day, in UTC."""
    return str(format_date(datetime.fromtimestamp(moment, UTC), "d MMMM y" if page_language() == ENGLISH else "long"))


def translated(sentence: str, language: str = "") -> str:
    """An English sentence of the code's, as the reader of this page, or of `language`, would say it; unchanged where no
    catalogue knows it.
    """
    language = language or page_language()
    return sentence if language == ENGLISH or not sentence else "".join(_passages(sentence, language)).strip()


def _asked_for() -> str:
    return look().language or request.accept_languages.best_match(SPOKEN, ENGLISH)


def _say_which(response: Response) -> Response:
    if response.mimetype in ("text/html", "application/problem+json"):
        response.headers.setdefault("Content-Language", page_language())
        response.vary.update(("Accept-Language", "Cookie"))
    return response


class _Catalogues(Domain):  # type: ignore[misc]  # Flask-Babel carries no types
    """Flask-Babel's catalogue of each request."""

    def get_translations(self) -> NullTranslations:
        return _translations(page_language())


def catalogue(language: str) -> Catalog:
    """What translators wrote."""
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


@cache
def _translations(language: str) -> NullTranslations:
    if language == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


def _passages(said: str, language: str) -> Iterator[str]:
    """What was said, in passages that the catalogue knows, the longest first; what it does not know stays as it is."""
    rest = said
    while rest:
        ends = [len(rest), *reversed([found.start() for found in _BETWEEN_SENTENCES.finditer(rest)])]
        known = ((end, _known(rest[:end], language)) for end in ends)
        end, passage = next(((end, found) for end, found in known if found), (ends[-1], rest[: ends[-1]]))
        yield f"{passage} "
        rest = rest[end:].lstrip()


def _known(passage: str, language: str) -> str | None:
    """A passage that is a message of the catalogue, or a message's template filled in."""
    if (exact := _translations(language).gettext(passage)) != passage:
        return str(exact)
    for pattern, translation in _templates(language):
        if found := pattern.fullmatch(passage):
            return translation % {name: _value(value, language) for name, value in found.groupdict().items()}
    return None


def _value(value: str, language: str) -> str:
    """What fills a slot: a name or a number, or a sentence of the code's own."""
    return translated(value, language) if value.endswith(".") else value


@cache
def _templates(language: str) -> list[tuple[re.Pattern[str], str]]:
    """The messages that have slots, those with the most words of their own first."""
    pairs = [pair for message in catalogue(language) for pair in _pairs(message)]
    pairs.sort(key=lambda pair: len(_SLOT.sub("", pair[0])), reverse=True)
    return [(_pattern(template), translation) for template, translation in pairs]


def _pairs(message: Message) -> Iterator[tuple[str, str]]:
    """Each form of a message that has slots, with its translation for many."""
    translation = message.string if isinstance(message.string, str) else (message.string or ("",))[-1]
    for template in [message.id] if isinstance(message.id, str) else message.id:
        if translation and _SLOT.search(template):
            yield template, translation


def _pattern(template: str) -> re.Pattern[str]:
    """What a filled template looks like; a slot that comes twice holds the same words twice. What is no sentence
    ("%(browser)s on %(system)s") looks like none.
    """
    seen: set[str] = set()
    parts = [] if _SENTENCE.search(template) else [_NO_SENTENCE]
    for position, part in enumerate(_SLOT.split(template)):
        if position % 2 == 0:
            parts.append(re.escape(part.replace("%%", "%")))
        else:
            parts.append(f"(?P={part})" if part in seen else f"(?P<{part}>.+?)")
            seen.add(part)
    return re.compile("".join(parts), re.DOTALL)
