"""Whether a text is English: rules that rely on English words do not apply to other languages."""

import re

from digest.text.prose import words

_ENGLISH = """
    the and of to in is that it for was on are with as be this have not but they you his from at or by we were their has an
    which will would there been if who what about all so my your when can more than
"""
_BOTH = "i do no go so me per den men by del come more"  # English words too, but not among the commonest
_OTHER = """
    und der das ist nicht ein eine mit auf sich auch dem den von zu wir ich sie es wird haben hat aber oder wenn
    le la les des du est une que qui pas pour dans ce il elle nous vous je ne sur avec au et mais plus
    el los las una por con para su como pero muy lo se y
    che di non sono anche più della nel gli ma
    o os uma em não com mais foi ao dos da na
    het een van dat niet zijn voor met maar ook wij jij bij naar
    och att det som en på är av för med till inte har de om vi jag
    og er ikke af jeg kan
    ja ei että oli mutta niin kun myös hän ovat
    się nie jest że jak ale był przez z w
    co tak byl jsem
    yn mae ar bod wedi ac oedd
    agus tá sé bhí
"""  # German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Finnish, Polish, Czech, Welsh, Irish
_IN_ENGLISH = frozenset(words(_ENGLISH))
_ELSEWHERE = frozenset(words(_OTHER)) - frozenset(words(_ENGLISH + _BOTH))


def is_english(text: str) -> bool:
    """Return whether a text is English or too short to tell; the answer is no only on evidence of another language."""
    if not text.isascii():
        letters = re.findall(r"[^\W\d_]", text)
        if sum(letter > "ɏ" for letter in letters) > len(letters) / 2:  # beyond the Latin alphabets
            return False
    said = words(text.casefold())
    other = sum(map(_ELSEWHERE.__contains__, said))
    return other < 2 or other <= sum(map(_IN_ENGLISH.__contains__, said))
