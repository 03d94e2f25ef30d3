"""Detection: the language of a text by its script and its commonest words."""

from __future__ import annotations

import pytest

from dream.language.detection import detected_language


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The bell rang twice over the quay, and nobody in Sellen slept that night."),
        ("ko", "종이 두 번 울렸다. 셀렌에서는 아무도 자지 못했다."),
        ("de", "Die Glocke läutete zweimal, und in der Nacht schlief niemand in der kleinen Stadt."),
        ("fr", "La cloche sonna deux fois et personne dans la ville ne dormit de la nuit."),
        ("es", "La campana sonó dos veces y nadie en la ciudad durmió en toda la noche."),
        ("it", "La campana suonò due volte e nella città non dormì nessuno per tutta la notte."),
        ("pt", "O sino tocou duas vezes e ninguém na cidade dormiu durante a noite."),
        ("nl", "De klok luidde twee keer en niemand in de stad sliep die nacht."),
        ("ja", "鐘が二度鳴った。その夜、町では誰も眠らなかった。"),
        ("zh", "钟响了两次，那天晚上城里没有人睡觉。"),
        ("ru", "Колокол прозвонил дважды, и никто в городе не спал."),
        ("en", "Xyzzy plugh."),
        ("en", "12 34"),
        ("en", ""),
    ],
)
def test_a_language_is_told_by_its_script_or_its_words(language: str, text: str) -> None:
    assert detected_language(text) == language


def test_names_of_another_language_do_not_decide() -> None:
    assert (
        detected_language("Don Quixote de la Mancha rode out, and the road was long, and he was not afraid of it.")
        == "en"
    )
