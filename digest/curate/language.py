"""Whether a text is English: what judges by English words steps aside where it is not."""

import re

from digest.prose import words

_ENGLISH = frozenset(
    "the and of to in is that it for was on are with as be this have not but they you his from at or by we were their has an"
    " which will would there been if who what about all so my your when can more than".split()
)
_OTHERS = frozenset(
    # German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Norwegian, Finnish, Polish, Czech, Welsh, Irish
    "und der das ist nicht ein eine mit auf sich auch dem den von zu wir ich sie es wird haben hat aber oder wenn"
    " le la les des du est une que qui pas pour dans ce il elle nous vous je ne sur avec au et mais plus"
    " el los las una por con para su como pero muy del lo se y no"
    " il che di per non una sono con anche come più della nel gli ma"
    " o os uma em não com mais foi ao dos da do na"
    " het een van dat niet zijn voor met maar ook wij jij bij naar"
    " och att det som en på är av för med den till inte har de om vi jag men"
    " og er til ikke af jeg vi har på med som kan et"
    " ja on ei se että oli mutta niin kun myös hän ovat"
    " się nie na jest że to jak ale był przez z w i"
    " je že se na by co tak ale byl jsem"
    " yn y mae ar bod wedi ei ac oedd"
    " agus tá an na ní sé bhí go".split()
) - _ENGLISH - frozenset("i do no go so me per den men by del come more".split())  # fmt: skip


def english(text: str) -> bool:
    """Whether a text is English, or too short to tell; only the evidence of another language says no."""
    letters = re.findall(r"[^\W\d_]", text)
    if sum(letter > "ɏ" for letter in letters) > len(letters) / 2:  # beyond the Latin letters
        return False
    said = words(text.casefold())
    other = sum(word in _OTHERS for word in said)
    return other < 2 or other <= sum(word in _ENGLISH for word in said)
