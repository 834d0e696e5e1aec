"""The language of a mail or a page: its words, dates, numbers and quotation marks, and the direction in which it is written.

Words are in gettext catalogues, `locale/xx/LC_MESSAGES/digest.po`, here and in a newsletter's folder, which comes first. They are
read as they are: a language is one file, and nothing has to be compiled. A word that a catalogue lacks stays English.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.core import Locale, UnknownLocaleError, get_global
from babel.dates import format_date, format_skeleton, format_time, get_day_names
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

from digest.errors import TemplateError

PACKAGED_WORDS = Path(__file__).parent.parent / "locale"
SOURCE_LANGUAGE = "en"  # of the words in the templates
_COMMAS = {"Arab": "، ", "Jpan": "、", "Hans": "、", "Hant": "、"}
_QUOTED = re.compile(  # a quotation, in the marks of any language; the sign for inches is none
    r"""[“„«]\s?(?P<curly>[^“”„«»]+?)\s?[”“»]|»(?P<guillemets>[^«»]+)«|(?<!\w)"(?=\S)(?P<straight>[^"]+?)(?<=\S)"(?!\w)"""
)
_QUOTATION_MARK = re.compile('[“„«»"]')  # without one there is no quotation, and a comment is looked through in a tenth of the time
_WITH_CAPITALS = frozenset({"Latn", "Cyrl", "Grek", "Armn"})
_ZEROS = {"arab": 0x0660, "arabext": 0x06F0, "beng": 0x09E6, "deva": 0x0966, "mymr": 0x1040}  # of CLDR's numbering systems


@dataclass(frozen=True, slots=True)
class Language:
    """One language, by its tag (BCP 47)."""

    tag: str
    locale: Locale
    words: NullTranslations = field(compare=False)

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return _direction(self.locale)

    @property
    def start(self) -> str:
        """The side at which a line begins: `left` or `right`."""
        return "right" if self.direction == "rtl" else "left"

    @property
    def end(self) -> str:
        """The side at which a line ends."""
        return "left" if self.direction == "rtl" else "right"

    @property
    def script(self) -> str:
        """The script (ISO 15924), such as `Latn`."""
        return self.locale.script or _likely_script(self.locale.language)

    @property
    def has_capitals(self) -> bool:
        """Whether the script has capital letters; where it has none, tracking tears words apart."""
        return self.script in _WITH_CAPITALS

    @property
    def has_italics(self) -> bool:
        """Whether the script is set in italics at all."""
        return self.script in _WITH_CAPITALS

    def long_date(self, day: date) -> str:
        """Return a day with its weekday, as newspapers write it: in British English without a comma."""
        british = self.locale.language == "en" and self.locale.territory not in {"US", "CA"}
        return _digits(str(format_date(day, "EEEE d MMMM y" if british else "full", locale=self.locale)), self.locale)

    def short_date(self, day: date) -> str:
        """Return a day without its weekday."""
        return _digits(str(format_date(day, "long", locale=self.locale)), self.locale)

    def clock(self, at: datetime) -> str:
        """Return the time of day of an instant, in the zone that it has."""
        return _digits(str(format_time(at.timetz(), "short", tzinfo=at.tzinfo, locale=self.locale)), self.locale)

    def weekdays(self, days: Collection[int]) -> str:
        """Return days of the week, Monday is 0, as people name them: `Monday–Friday` if three or more follow each other."""
        names = get_day_names("wide", locale=self.locale)
        ordered = sorted(days)
        if len(ordered) > 2 and ordered[-1] - ordered[0] == len(ordered) - 1:
            return f"{names[ordered[0]]}–{names[ordered[-1]]}"
        return self.comma.join(names[day] for day in ordered)

    def event_time(self, begins: datetime, *, whole_day: bool) -> str:
        """Return when an event begins: the day and, unless it takes the whole day, the time."""
        day = str(format_skeleton("MMMEd", begins, locale=self.locale))
        return _digits(day, self.locale) if whole_day else f"{_digits(day, self.locale)}, {self.clock(begins)}"

    def number(self, count: int) -> str:
        """Return a whole number as people write it."""
        text = str(format_decimal(count, locale=self.locale, numbering_system="default")) if count >= 1_000 else str(count)
        return _digits(text, self.locale)

    @property
    def comma(self) -> str:
        """What stands between two things in a row."""
        return _COMMAS.get(self.script, ", ")

    def quoted(self, text: str) -> str:
        """Return a text in quotation marks; what it quotes itself gets the marks of a quotation within one."""
        if _QUOTATION_MARK.search(text):
            inner = self.words.gettext("‘%(text)s’")
            text = _QUOTED.sub(lambda found: inner % {"text": found[str(found.lastgroup)]}, text)
        return self.words.gettext("“%(text)s”") % {"text": text}


@lru_cache(maxsize=64)
def _direction(locale: Locale) -> str:
    return str(locale.text_direction)


def load_language(tag: str, folders: Sequence[Path] = ()) -> Language:
    """Return a language by its tag; `folders` may hold a newsletter's own catalogues. A tag that nobody knows is as English."""
    locale = _locale(tag)
    names = dict.fromkeys([locale.language, str(locale)])  # the most general first
    paths = [folder / name / "LC_MESSAGES" / "digest.po" for name in names for folder in (PACKAGED_WORDS, *folders)]
    files = tuple((path, path.stat().st_mtime_ns) for path in paths if path.is_file())
    return Language(tag, locale, _words(files) if files else NullTranslations())


def known_languages(folders: Sequence[Path] = ()) -> frozenset[str]:
    """Return the names of the languages that have a catalogue, such as `cy` or `pt_BR`, and English."""
    found = {path.parent.parent.name for folder in (PACKAGED_WORDS, *folders) for path in folder.glob("*/LC_MESSAGES/digest.po")}
    return frozenset({SOURCE_LANGUAGE, *found})


@lru_cache(maxsize=1_024)
def _digits(text: str, locale: Locale) -> str:
    """Return a text with the digits that are usual in a locale."""
    zero = _ZEROS.get(locale.default_numbering_system)
    return text.translate({ord("0") + digit: zero + digit for digit in range(10)}) if zero else text


def named_language(name: str, known: Collection[str]) -> str:
    """Return the known language that a name means: a tag such as `cy-GB`, or what it is called in English or by itself.

    Empty if there is none: `Klingon`, or nothing at all.
    """
    folded = name.strip().replace("_", "-").casefold()
    if not folded:
        return ""
    tags = {tag.replace("_", "-").casefold(): tag for tag in known}
    parts = folded.split("-")
    by_tag = next((tags[start] for end in range(len(parts), 0, -1) if (start := "-".join(parts[:end])) in tags), "")
    return by_tag or next((tag for tag in sorted(known) if folded in _names_of(tag)), "")


@lru_cache(maxsize=64)
def _names_of(tag: str) -> frozenset[str]:
    locale = _locale(tag)
    return frozenset(name.casefold() for name in (locale.english_name, locale.display_name, locale.get_display_name("en")) if name)


def _locale(tag: str) -> Locale:
    parts = tag.replace("_", "-").split("-")
    for length in range(len(parts), 0, -1):
        try:
            return Locale.parse("_".join(parts[:length]))
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(SOURCE_LANGUAGE)


@lru_cache(maxsize=64)
def _likely_script(language: str) -> str:
    likely = get_global("likely_subtags").get(language, "")
    return next((part for part in likely.split("_")[1:] if len(part) == 4), "Latn")


@lru_cache(maxsize=64)
def _words(files: tuple[tuple[Path, int], ...]) -> NullTranslations:
    """Return the words of some catalogues, each with when it was changed; a later one's count before an earlier one's."""
    first, *later = [_read(path) for path, _ in files]
    for message in (message for catalogue in later for message in catalogue if message.id and message.string):
        first[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, first)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _read(path: Path) -> Catalog:
    """Return a catalogue as its file has it; raise TemplateError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except (PoFileError, ValueError, OSError) as error:
        raise TemplateError(f"cannot be read: {error}", thing=str(path)) from error
