"""Why a file could not be read: a code for programs, and for the author what is wrong and what to do about it."""

from __future__ import annotations

from dream.errors import TextRefused
from dream.wording import worded

SENTENCES = {
    "file_unreadable": worded("It is not a file, or it cannot be opened."),
    "file_empty": worded("The file is empty. Choose the one that holds the text."),
    "file_too_large": worded("The file is larger than %(limit)s MiB. Split it, and bring the parts."),
    "format_unknown": worded("It is in a format that dream does not read. It reads %(known)s."),
    "mislabelled": worded(
        "Its name ends in %(suffix)s, but that is not what it holds. Find the file that you meant, or save it anew."
    ),
    "not_text": worded("It holds binary data, not text. Save it as text, and bring that."),
    "encoding_unknown": worded("Its characters could not be made out. Save it as UTF-8, and bring that."),
    "no_text": worded("There is no text in it."),
    "needs_ocr": worded(
        "There is no text in it, only pictures of pages; it needs OCR first. "
        "Bring it again when its text can be selected."
    ),
    "encrypted": worded("It is locked with a password. Save a copy without one, and bring that."),
    "old_word": worded("It is in Word's old format. Save it as .docx, and bring that."),
    "unsafe_markup": worded(
        "It brings definitions of its own, which could hide or multiply its text. Save it anew, and bring that."
    ),
    "damaged": worded("It is damaged or cut short. Save or download it anew, and bring that."),
    "front_matter": worded(
        "The front matter between the --- lines is no list of `name: value` lines in YAML. Mend it, or remove it."
    ),
    "lines_refused": worded("%(fault)s Mend that, and bring the file again."),
    "unpacks_too_large": worded(
        "It unpacks to more than dream reads at once. Split it, or save it anew without its pictures."
    ),
    "too_much_memory": worded("Reading it took too much memory. Split it, or save it as plain text."),
    "too_slow": worded("Reading it took too long. Split it, or save it as plain text."),
    "too_much_text": worded("It holds more text than dream reads at once. Split it, and bring the parts."),
    "reading_failed": worded("Reading it ended unexpectedly. Save it anew or as another format, and bring that."),
}


def refused(code: str, *, retry: bool = False, **details: object) -> TextRefused:
    """`retry` says that it need not be the file's fault."""
    refusal = TextRefused(worded(SENTENCES[code], **details), code)
    refusal.retry = retry
    return refusal
