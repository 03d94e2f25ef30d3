"""Sentences for people, in the language that the code speaks.

A room says what it has to say in English, and keeps, logs and raises it so. Where a page shows it to somebody who reads
another language, the web knows the sentence again by its template (dream.web.languages) and says it in theirs.
"""

from __future__ import annotations


def worded(template: str, **values: object) -> str:
    """A sentence with its %(names)s filled in; large numbers are grouped. Without values it is left as it is: a
    template for later, or a sentence that has none. `scripts/translate` finds every template by this call.
    """
    if not values:
        return template
    return template % {name: f"{value:,}" if isinstance(value, int) else value for name, value in values.items()}
