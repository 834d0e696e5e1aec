"""The words of the mail, the emails and the pages, in every language that digest knows."""

import re
import subprocess
import sys
from datetime import date
from gettext import c2py
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from digest.errors import TemplateError
from digest.render.design_files import DesignFiles
from digest.render.languages import PACKAGED_WORDS, known_languages, load_language, named_language
from digest.render.renderer import Design
from tests.render.editions import GAZETTE, eight_with_comments

ROOT = Path(__file__).parents[2]
LANGUAGES = ("ar", "cy", "de", "es", "fr", "pl")
DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every word that the templates and the code say, as `make words` finds them."""
    out = tmp_path_factory.mktemp("words") / "digest.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "pyproject.toml"]
    subprocess.run([*command, "-k", "say", "-k", "_say", "-o", str(out), "."], cwd=ROOT, check=True, capture_output=True)
    with out.open("rb") as file:
        return read_po(file)


def catalogue(language: str) -> Catalog:
    with (PACKAGED_WORDS / language / "LC_MESSAGES" / "digest.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


def said(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def test_these_are_the_languages() -> None:
    assert known_languages() == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_missing_and_none_is_left_over(language: str, template: Catalog) -> None:
    wanted = {message.id: message for message in template if message.id}
    assert len(wanted) > 120
    have = {message.id: message for message in catalogue(language) if message.id}
    assert set(wanted) - set(have) == set()
    assert set(have) - set(wanted) == set()
    assert [message.id for message in have.values() if not all(said(message)) or message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_has_its_place_in_the_translation(language: str) -> None:
    for message in catalogue(language):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        places = {place for one in ids for place in re.findall(r"%\((\w+)\)s", one)}
        for at, text in enumerate(said(message)) if message.id else ():
            lacking = {"count"} if numbers_of(language, at) < 2 else set()  # “one comment” needs no figure
            assert places - lacking <= set(re.findall(r"%\((\w+)\)s", text)) <= places, message.id


def numbers_of(language: str, form: int) -> int:
    """Return how many of the numbers from 1 have a plural form."""
    plural = c2py(catalogue(language).plural_expr)
    return sum(plural(count) == form for count in range(1, 300))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_number_has_its_own_form(language: str) -> None:
    words = load_language(language).words
    for count in (*range(25), 100, 101, 1_000):
        text = words.ngettext("%(count)s comment", "%(count)s comments", count) % {"count": count}
        assert str(count) in text or (language == "ar" and count in (1, 2))
        assert "comment" not in text or language == "fr"


@pytest.mark.parametrize(
    ("language", "count", "text"),
    [("pl", 1, "1 komentarz"), ("pl", 3, "3 komentarze"), ("pl", 5, "5 komentarzy"), ("pl", 22, "22 komentarze"), ("cy", 2, "2 sylw"),
     ("de", 1, "1 Kommentar"), ("fr", 0, "0 commentaire"), ("ar", 1, "تعليق واحد"), ("ar", 2, "تعليقان"), ("ar", 3, "3 تعليقات"), ("ar", 11, "11 تعليقًا"), ("ar", 100, "100 تعليق")],
)  # fmt: skip
def test_plurals(language: str, count: int, text: str) -> None:
    assert load_language(language).words.ngettext("%(count)s comment", "%(count)s comments", count) % {"count": count} == text


@pytest.mark.parametrize(
    ("tag", "day", "number", "quoted", "direction"),
    [
        ("en-GB", "Tuesday 24 November 2026", "1,214", "“x”", "ltr"),
        ("en-US", "Tuesday, November 24, 2026", "1,214", "“x”", "ltr"),
        ("cy", "Dydd Mawrth, 24 Tachwedd 2026", "1,214", "“x”", "ltr"),
        ("de-DE", "Dienstag, 24. November 2026", "1.214", "„x“", "ltr"),
        ("fr", "mardi 24 novembre 2026", "1\u202f214", "«\u202fx\u202f»", "ltr"),
        ("pl", "wtorek, 24 listopada 2026", "1\xa0214", "„x”", "ltr"),
        ("ar", "الثلاثاء، 24 نوفمبر 2026", "1,214", "«x»", "rtl"),
        ("ar-EG", "الثلاثاء، ٢٤ نوفمبر ٢٠٢٦", "١٬٢١٤", "«x»", "rtl"),
        ("he", None, "1,214", "“x”", "rtl"),
        ("fa", None, "۱٬۲۱۴", "“x”", "rtl"),
        ("tlh", "Tuesday 24 November 2026", "1,214", "“x”", "ltr"),
    ],
)
def test_dates_numbers_quotation_marks_and_direction(tag: str, day: str | None, number: str, quoted: str, direction: str) -> None:
    language = load_language(tag)
    assert day is None or language.long_date(DAY) == day
    assert (language.number(1_214), language.quoted("x"), language.direction) == (number, quoted, direction)


@pytest.mark.parametrize(
    ("tag", "capitals"),
    [("en", True), ("ru", True), ("el", True), ("ar", False), ("he", False), ("zh-Hant-TW", False), ("ja", False), ("th", False)],
)
def test_a_script_without_capitals_gets_none(tag: str, capitals: bool) -> None:
    assert load_language(tag).has_capitals == capitals


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cy", "cy"),
        ("CY_gb", "cy"),
        ("Welsh", "cy"),
        ("Cymraeg", "cy"),
        (" deutsch ", "de"),
        ("en-US", "en"),
        ("Klingon", ""),
        ("", ""),
        ("pt-BR", ""),
    ],
)
def test_a_language_is_known_by_its_tag_and_by_its_names(name: str, found: str) -> None:
    assert named_language(name, known_languages()) == found


def own_words(folder: Path, language: str, text: str) -> DesignFiles:
    path = folder / language / "LC_MESSAGES" / "digest.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return DesignFiles(words=(folder,))


HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def test_a_newsletters_own_words_come_first_and_the_others_stay(tmp_path: Path) -> None:
    files = own_words(tmp_path, "en", f'{HEAD}msgid "Unsubscribe"\nmsgstr "Leave us"\n')
    html = Design(GAZETTE, files).render(eight_with_comments()).html
    assert "Leave us" in html
    assert "View\u00a0in\u00a0browser" in html


def test_a_language_is_one_file(tmp_path: Path) -> None:
    files = own_words(tmp_path, "nl", f'{HEAD}msgid "View in browser"\nmsgstr "Bekijk in de browser"\n')
    design = Design(GAZETTE.model_copy(update={"language": "nl-NL"}), files)
    html = design.render(eight_with_comments()).html
    assert "Bekijk\u00a0in\u00a0de\u00a0browser" in html
    assert "dinsdag 24 november 2026" in html
    assert ">Unsubscribe<" in html  # a word that is missing stays English
    assert design.copy_language("Dutch") == ""
    assert Design(GAZETTE, files).copy_language("Nederlands") == "nl"


def test_words_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    files = own_words(tmp_path, "cy", f'{HEAD}msgid "Unsubscribe"\nmsgstr "x"\n')
    path = tmp_path / "cy" / "LC_MESSAGES" / "digest.po"
    path.write_bytes(path.read_bytes() + b'msgid "\xff"\nmsgstr "\xff"\n')
    with pytest.raises(TemplateError, match=r"cy/LC_MESSAGES/digest\.po: cannot be read"):
        Design(GAZETTE.model_copy(update={"language": "cy"}), files).render(eight_with_comments())


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_english_is_left_in_a_mail_and_an_email_of_that_language(language: str) -> None:
    design = Design(
        GAZETTE.model_copy(update={"language": language, "support": None, "postal_address": ""}), archive=True, subscribe=True
    )
    out = design.render(eight_with_comments())
    at = "https://news.gazette.example/x"
    letters = [
        design.email("confirmation", at),
        design.email("manage", at, {"data": at, "unsubscribe": at}),
        design.email("already_subscribed", at, paused_until=None),
        design.email("already_subscribed", at, paused_until=DAY),
    ]
    said_in_mail = re.sub(
        r"(?s)<head>.*?</head>|<[^>]+>|https?:\S+|mailto:\S+",
        " ",
        "".join([out.html, out.text, *(row.html + row.text + row.subject for row in letters)]),
    )
    english = {
        text
        for message in catalogue(language)
        if message.id
        for text in ([message.id] if isinstance(message.id, str) else message.id)
    }
    plain = [text for text in english if "%(" not in text and " " in text]
    assert [text for text in plain if text in said_in_mail] == []


def test_a_copy_in_another_language_keeps_the_direction_of_its_stories() -> None:
    out = Design(GAZETTE, archive=True, subscribe=True).render(eight_with_comments(), "ar")
    assert '<html lang="en-GB" dir="ltr"' in out.html
    assert 'lang="ar" dir="rtl">' in out.html
    assert "إلغاء الاشتراك" in out.html
    assert "Night ferry returns" in out.html
    assert out.html.index("إلغاء الاشتراك") > out.html.index('lang="ar" dir="rtl"')


@pytest.mark.parametrize(
    ("tag", "text", "shown"),
    [
        ("en", "He said “no” to me", "“He said ‘no’ to me”"),
        ("en", '"Yes", she said.', "“‘Yes’, she said.”"),
        ("en", 'a 5" pipe and a 7" pipe', '“a 5" pipe and a 7" pipe”'),
        ("en", "don’t say „nein“ or « non » or »nej«", "“don’t say ‘nein’ or ‘non’ or ‘nej’”"),
        ("de", "Er sagte „nein“", "„Er sagte ‚nein‘“"),
        ("fr", "« oui » dit-il", "«\u202f“oui” dit-il\u202f»"),
        ("ar", "قال «نعم»", "«قال “نعم”»"),
        ("pl", "Mówi „nie”", "„Mówi «nie»”"),
    ],
)
def test_a_quotation_in_a_quotation_has_other_marks(tag: str, text: str, shown: str) -> None:
    assert load_language(tag).quoted(text) == shown


def test_things_in_a_row_have_the_comma_of_their_script() -> None:
    assert [load_language(tag).comma for tag in ("en", "pl", "ar", "ja", "zh-Hant")] == [", ", ", ", "، ", "、", "、"]
    html = Design(GAZETTE.model_copy(update={"language": "ar"})).email("manage", "https://news.gazette.example/manage").html
    assert "The Harbour Gazette، The Old Net Loft" in html
