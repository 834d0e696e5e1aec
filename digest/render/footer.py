"""The links at the bottom of an edition: to share it, to report a comment, and for its reader to change or end the subscription."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from digest.config import Newsletter, split_mailbox
from digest.model import Edition
from digest.render.languages import Language
from digest.render.page import Page
from digest.text.placeholders import PREFIX, Placeholders
from digest.text.prose import shorten

_NETWORKS = {
    "bluesky": ("Bluesky", "https://bsky.app/intent/compose?text={title}%20{url}"),
    "facebook": ("Facebook", "https://www.facebook.com/sharer/sharer.php?u={url}"),
    "linkedin": ("LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url={url}"),
    "mastodon": ("Mastodon", "https://share.joinmastodon.org/#text={title}%20{url}"),
    "whatsapp": ("WhatsApp", "https://wa.me/?text={title}%20{url}"),
}
_EMAIL = "mailto:?subject={title}&body={url}"
MAX_TITLE_CHARS = 120
SITE_LINK = Markup("<!--site-->")  # where a link to the newsroom's site goes if there is to be one
_COUNTED = ('href="http', 'src="http', f'href="{PREFIX}')  # the last is a reader's own link, which is http if there are pages


def with_even_links(html: str, text: str, newsletter: Newsletter) -> tuple[str, str]:
    """Return both parts with a link to the site at the bottom if the number of their links is odd without it.

    rspamd takes an odd number of addresses for a sign that the two parts differ (rule URI_COUNT_ODD, a sixth of what makes many
    servers mistrust a mail), although it counts those of the HTML alone.
    """
    site = newsletter.site_url
    if not site or sum(map(html.count, _COUNTED)) % 2 == 0:
        return html.replace(SITE_LINK, ""), text.replace(SITE_LINK, "")
    host = (urlsplit(site).hostname or site).removeprefix("www.")
    link = Markup('<br><a href="{}" class="q" style="color:inherit">{}</a>').format(site, host)
    return html.replace(SITE_LINK, link), text.replace(SITE_LINK, f"\n{site}")


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A labelled link below the button of an email."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class FooterLink:
    """A link with its label, and a `lead` sentence before it; one that is `reader_only` stands in no public copy."""

    label: str
    url: str
    lead: str = ""
    reader_only: bool = False


@dataclass(frozen=True, slots=True)
class FooterLinks:
    """The links of one edition."""

    newsletter: Newsletter
    edition: Edition
    page: Page
    subject: str
    archive: bool
    subscribe: bool

    def all(self, language: Language) -> tuple[FooterLink, ...]:
        """Return the links in their order, labelled in a language."""
        return (*self._public(language), *self._own(language))

    def _public(self, language: Language) -> Iterator[FooterLink]:
        say = language.words.gettext
        if self.subscribe and self._pages:
            yield FooterLink(say("Subscribe"), f"{self._pages}/subscribe", say("Did a friend send you this?"))
        for network in self.newsletter.share:
            name, address = _NETWORKS.get(network, ("", _EMAIL))
            label = say("Share this edition on %(network)s") % {"network": name} if name else say("Send this edition to a friend")
            yield FooterLink(label, self._filled(address))
        if self.page.voices:
            yield FooterLink(say("Tell the moderators"), self._report(say), say("A comment that should not be here?"))
        if self.archive and self._pages:
            yield FooterLink(say("Past editions"), f"{self._pages}/archive")
        if self.newsletter.privacy_url:
            yield FooterLink(say("Privacy"), self.newsletter.privacy_url)

    def _own(self, language: Language) -> Iterator[FooterLink]:
        say, reader = language.words.gettext, Placeholders()
        if self._pages:
            yield FooterLink(say("Topics and pauses"), reader.preferences_url, reader_only=True)
        yield FooterLink(say("Unsubscribe"), reader.unsubscribe_url, reader_only=True)

    @property
    def _pages(self) -> str:
        return (self.newsletter.public_url or "").rstrip("/")

    def _filled(self, address: str) -> str:
        """Return where to share the edition: its page in the archive, or else its lead."""
        url = f"{self._pages}/archive/{self.edition.slot.key}" if self.archive and self._pages else self.page.lead.article.url
        return address.format(title=quote(shorten(self.subject, MAX_TITLE_CHARS), safe=""), url=quote(url, safe=""))

    def _report(self, say: Callable[[str], str]) -> str:
        """Return the link with which a reader reports a comment; it names the edition."""
        _, address = split_mailbox(self.newsletter.report_to or self.newsletter.reply_to or self.newsletter.sender)
        subject = say("A comment in edition %(number)s") % {"number": self.edition.number}
        return f"mailto:{quote(address, safe='@')}?subject={quote(subject)}&body={quote(self.edition.slot.key)}"
