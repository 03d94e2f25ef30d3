"""Decoding: which encoding a text file is in. Marks and validity decide; only what they leave open is guessed."""

from __future__ import annotations

import codecs
import io
import unicodedata
from encodings.aliases import aliases
from typing import BinaryIO, TextIO

from dream.corpus.refusals import refused
from dream.wording import worded

SAMPLE = 64 * 1024
_GUESSED = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp949", "shift_jis", "euc_jp", "gb18030", "big5", "koi8_r",
)  # fmt: skip
_WIDE = ("utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be")
NEEDS = ("charset_normalizer", *(f"encodings.{name}" for name in (*_WIDE, *_GUESSED)))
"""Modules that decoding imports when it needs them; see `is_plain`."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {"cp949": "Korean (CP949)", "cp1252": "Western European (Windows-1252)"}


def open_text(file: BinaryIO, notices: list[str], declared: str = "") -> TextIO:
    """The file as text, from its start. What had to be guessed is added to the notices; what the file declares counts
    where it is not Unicode.

    Raises TextRefused for what is not text.
    """
    encoding, errors = _encoding(file, notices, declared)
    file.seek(0)
    return io.TextIOWrapper(file, encoding, errors=errors)


def decode(file: BinaryIO, notices: list[str], declared: str = "") -> str:
    """All of its text at once."""
    return open_text(file, notices, declared).read()


def is_text(file: BinaryIO) -> bool:
    """Whether it looks like text in any encoding."""
    file.seek(0)
    head = file.read(SAMPLE)
    return any(head.startswith(mark) for mark, _ in _MARKS) or _wide(head) is not None or not _binary(head)


def is_plain(file: BinaryIO) -> bool:
    """Whether all of it is UTF-8 without a mark, which needs none of NEEDS."""
    file.seek(0)
    head = file.read(SAMPLE)
    return not head.startswith(codecs.BOM_UTF8) and b"\x00" not in head and _first_break(file) is None


def _encoding(file: BinaryIO, notices: list[str], declared: str) -> tuple[str, str]:
    """The encoding and how its errors are to be handled."""
    file.seek(0)
    head = file.read(SAMPLE)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, "western" if name == "utf-8-sig" else "replace"
    if wide := _wide(head):
        return wide, "replace"
    if _binary(head):
        raise refused("not_text")
    broken = _first_break(file)
    if broken is None:
        return "utf-8", "strict"
    file.seek(max(0, broken - SAMPLE // 2))
    around = file.read(SAMPLE)
    shown = around.decode("utf-8", "replace")
    strange = shown.count("\ufffd")
    if sum(c > "\x7f" for c in shown) > 3 * strange:
        notices.append(
            worded("Most of it is UTF-8, with characters in between that are not: they were read as Windows-1252.")
        )
        return "utf-8", "western"
    if known := _known(declared):
        return known, "replace"
    encoding = _guess(around)
    encoding_name = _NAMES.get(encoding, encoding)
    notices.append(worded("Its encoding is not declared and was taken for %(encoding)s.", encoding=encoding_name))
    return encoding, "replace"


def _first_break(file: BinaryIO) -> int | None:
    """About where the first bytes stand that are not UTF-8, None where all of them are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    position = 0
    try:
        while block := file.read(2**20):
            decoder.decode(block)
            position += len(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return position + error.start
    return None


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: the reading that makes the most plain characters, if any makes sense."""
    if b"\x00" not in head:
        return None
    best, plain = None, 0
    for encoding, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        try:
            text = head[: len(head) // width * width].decode(encoding, "surrogatepass")
        except UnicodeDecodeError:
            continue
        strange = sum(unicodedata.category(c) in ("Cc", "Cn", "Co") and c not in "\t\n\r" for c in text)
        found = sum(" " <= c <= "~" or c in "\t\n\r" for c in text)
        if strange * 50 <= len(text) and found > plain and found * 20 >= len(text):
            best, plain = encoding, found
    return best


def _binary(head: bytes) -> bool:
    """Whether more than one byte in a hundred is a control character that no text needs."""
    controls = len(head) - len(head.translate(None, bytes([*range(9), 11, *range(14, 27), *range(28, 32)])))
    return controls * 100 > len(head)


def _known(declared: str) -> str | None:
    """The codec of a declared encoding, where it is one that is there."""
    name = declared.lower().replace("-", "_")
    name = {"iso8859_1": "cp1252", "latin_1": "cp1252", "euc_kr": "cp949"}.get(
        aliases.get(name, name), aliases.get(name, name)
    )
    return name if name in _GUESSED else None


def _guess(sample: bytes) -> str:
    korean = sample.decode("cp949", "ignore")
    if sum("가" <= c <= "힣" for c in korean) * 10 > 6 * sum(c > "\x7f" for c in korean):
        return "cp949"
    from charset_normalizer import from_bytes  # only what is neither Unicode nor Korean is guessed

    best = from_bytes(sample, steps=5, chunk_size=512, cp_isolation=list(_GUESSED)).best()
    if best is None:
        raise refused("encoding_unknown")
    return best.encoding


def _western(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("western", _western)
