"""Ways to reach somebody that a comment gives away: telephone numbers, addresses, number plates, accounts.

A shop's, a surgery's or an office's number in a useful answer is public; whose a number is, the words around it say.
"""

import re
from unicodedata import normalize

from digest.curate.passages import Sentences

MIN_PHONE_DIGITS = 9  # in the shortest telephone number
_PROVIDERS = ("gmail", "googlemail", "hotmail", "yahoo", "outlook", "icloud", "proton", "gmx", "aol", "live")
_AT, _DOT = r"(?: ?[(\[{] ?at ?[)\]}] ?)", r"(?:\.| ?[(\[{] ?dot ?[)\]}] ?| dot )"
_EMAIL = re.compile(
    r"[^\s@<>()]{1,64}@[^\s@<>()]{1,190}\.[^\s@<>().]{2,}"
    rf"|[^\s@<>()]{{1,64}}{_AT}\S{{1,190}}?{_DOT}[^\s@<>().]{{2,}}"
    r"|[^\s@<>()]{1,64} at [^\s@<>()]{1,64} dot (?:com|net|org|info|co|uk|eu|io|me|de|fr|es|it|nl|pl|at|ch|ie|us|ca|au)\b"
    r"|[^\s@<>()]{1,64} (?:at|@) (?:gmail|googlemail|hotmail|yahoo|outlook|icloud|proton(?:mail)?|gmx|aol|live)\b",
    re.IGNORECASE,
)
_SPELT = ("dot", "(at", "[at", "{at", "( at", "[ at", *(f"{at} {name}" for at in ("at", "@") for name in _PROVIDERS))
_DIGIT = re.compile(r"\d")
_ROLE = re.compile(  # addresses of offices, not of people
    r"(?:^|[\s<(:])(?:info|office|enquir(?:y|ies)|inquir(?:y|ies)|contact|hello|help|helpdesk|support|bookings?|box\.?office|reception|admin"
    r"|secretary|clerk|council|planning|objections|complaints|press|news|newsdesk|editor|letters|volunteers?|membership|events|library"
    r"|advice|democracy|traffic|orders?|parking|licen[cs]ing|register|registrar|tickets?|boxoffice|hub|team|archives?|museum|volunteering|consultation|highways|housing|schools?|admissions|kontakt|redaktion|buero|raetsel|asyl|ordnungsamt|bauamt|buergeramt|verkehr|beratung|verein|concertation|urbanisme|bibliotheque|biblioteca|cultura|sport|kultura|rathaus|mairie|accueil|ayuntamiento|biuro|urzad|swyddfa)[\w.-]{0,30}@",
    re.IGNORECASE,
)
_CHAT = re.compile(r"\b(?:wa\.me|t\.me|api\.whatsapp\.com|chat\.whatsapp\.com|m\.me|signal\.me)/\S", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_NO_PHONE = re.compile(r"(?<![\d./-])\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})(?![./-]?\d)|(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")  # dates
_PHONE = re.compile(
    r"(?<![\d.,/£$€-])(?<!\d\s)(?:(?:\+|00)\d{1,3}[\s().-]{0,3}(?:\d[\s().-]{0,2}(?:/\s?)?){7,12}"  # also +49 (0) 89 / 1234567
    r"|0\d(?:[ .-]\d{2}){4}"  # 01.23.45.67.89
    r"|1[-. ]\d{3}[-. ]\d{3}[-. ]\d{4}"  # 1-800-555-0199
    r"|[6-9]\d{4} \d{5}"  # 98765 43210
    r"|\(?0\d{1,4}\)?[\s/.-]?(?:\d[\s/.-]?){6,8}"  # 020 7946 0000
    r"|\(\d{3}\)[\s.-]?\d{3}[\s.-]\d{4}|\d{3}([.-])\d{3}\1\d{4})(?![\d,/-])"  # 555-010-1234
)
_MOBILE = re.compile(r"(?:\+44\s?\(?0?\)?\s?7|(?<!\d)07)\d")  # in Britain; elsewhere the words tell
_PLATE = re.compile(  # Britain since 2001 and before, France, Germany, Spain, Poland; the last three look like other things too
    r"\b[A-Z]{2}\d{2}\s?[A-Z]{3}\b|\b[A-HJ-NPR-TVWXY]\d{1,3}\s?[A-Z]{3}\b|\b[A-Z]{2}-\d{3}-[A-Z]{2}\b"
)
_PLATE_HINT = re.compile(r"[A-Z][ -]?\d|\d[ -]?[A-Z]{3}")
_PLATE_OF_A_CAR = re.compile(
    r"\b[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[ -]?\d{1,4}\b|\b\d{4}[ -]?[BCDFGHJKLMNPRSTVWXYZ]{3}\b|\b[A-Z]{2,3} ?\d[A-Z0-9]{4}\b"
)
_CAR = re.compile(
    r"\b(?:plates?|registration|reg|car|van|audi|bmw|truck|kennzeichen|auto|wagen|immatricul\w*|plaque|voiture|matr[ií]cula|coche"
    r"|rejestrac\w*|samoch[oó]d\w*)\b",
    re.IGNORECASE,
)


def contact_details(text: str) -> str:
    """Return the kind of contact details that a text has, whosever they are; an empty string if it has none."""
    if not text.isascii():
        text = normalize("NFKC", text).replace("\u2010", "-").replace("\u2011", "-").replace("\u2212", "-")
    small = text.casefold()
    if ("@" in text or any(hint in small for hint in _SPELT)) and _EMAIL.search(text):
        return "an e-mail address"
    if "/" in text and _CHAT.search(text):
        return "a link to a chat"
    if len(_DIGIT.findall(text)) < MIN_PHONE_DIGITS:
        return ""
    if _IBAN.search(text):
        return "a bank account"
    without_dates = _NO_PHONE.sub(" on ", text)
    enough = len(_DIGIT.findall(without_dates)) >= MIN_PHONE_DIGITS
    return "a telephone number" if enough and _PHONE.search(without_dates) else ""


def number_plate(text: str) -> str:
    """Return the number plate of a car that a text gives, or an empty string."""
    if not _PLATE_HINT.search(text):
        return ""
    found = _PLATE.search(text) or (_CAR.search(text) and _PLATE_OF_A_CAR.search(text))
    return found[0] if found else ""


def is_public(text: str, sentences: Sentences, person: int, private: int, service: int) -> bool:
    """Return whether the contact details in a text are those of a shop, an office or a service, not of a person.

    `person`, `private` and `service` are the bits of the classes that speak of somebody, of a number of one's own, and of an
    office. A landline is public unless the sentence says whose it is; a mobile, a chat or an account never is.
    """
    if _MOBILE.search(text) or _CHAT.search(text) or _IBAN.search(text):
        return False
    if addresses := _EMAIL.findall(text):
        return len(_ROLE.findall(text)) >= len(addresses)
    rows = [row.classes for row in sentences if contact_details(text[row.start : row.end])]
    return bool(rows) and all(not row & private and (row & service or not row & person) for row in rows)
