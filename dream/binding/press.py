"""The child that prints: a page of HTML on its standard input, a PDF on its standard output.

`python -m dream.binding.press FOLDER`, where FOLDER keeps the fonts as the printer takes them best: unpacking those of
Korean takes seconds, and printing with them packed takes half a minute each time.
"""

from __future__ import annotations

import resource
import sys
from importlib.resources import files
from pathlib import Path

MEMORY = 1 << 30
SECONDS = 60
_LATIN = {
    "literata-latin": ("Literata", "normal"),
    "literata-latin-italic": ("Literata", "italic"),
    "literata-latin-ext": ("Literata Extended", "normal"),
}
_KOREAN = {"gowun-batang-common": ("Gowun Batang", "normal")}
_RARE = {"gowun-batang-rare": ("Gowun Batang Rare", "normal")}


def main(folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    html = sys.stdin.buffer.read().decode()
    faces = _faces(html, folder)
    import weasyprint  # half a second, and only this child ever prints

    fonts = weasyprint.text.fonts.FontConfiguration()
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=["file"])  # the fonts; a book links to nothing else
    style = weasyprint.CSS(string=faces, font_config=fonts, url_fetcher=fetcher)
    page = weasyprint.HTML(string=html, url_fetcher=fetcher)
    page.write_pdf(sys.stdout.buffer, stylesheets=[style], font_config=fonts, pdf_tags=True)


def _faces(html: str, folder: Path) -> str:
    """The fonts that this page needs, as style rules."""
    syllables = {character for character in html if "가" <= character <= "힣"}
    needed = _LATIN | (_KOREAN if syllables else {}) | (_RARE if any(map(_rare, syllables)) else {})
    rules = []
    for name, (family, style) in needed.items():
        url = _unpacked(name, folder).as_uri()
        rules.append(f'@font-face {{ font-family: "{family}"; font-style: {style}; src: url("{url}"); }}')
    return "\n".join(rules)


def _rare(syllable: str) -> bool:
    """Whether a syllable is beyond KS X 1001, which the common font covers."""
    try:
        syllable.encode("euc_kr")
    except UnicodeEncodeError:
        return True
    return False


def _unpacked(name: str, folder: Path) -> Path:
    unpacked = folder / f"{name}.ttf"
    if unpacked.exists():
        return unpacked
    from fontTools.ttLib import TTFont  # only the first book needs it

    folder.mkdir(parents=True, exist_ok=True)
    with (files("dream") / "web/static/fonts" / f"{name}.woff2").open("rb") as packed:
        font = TTFont(packed)
        font.flavor = None
        font.save(unpacked.with_suffix(".new"))
    unpacked.with_suffix(".new").replace(unpacked)
    return unpacked


if __name__ == "__main__":
    main(Path(sys.argv[1]))
