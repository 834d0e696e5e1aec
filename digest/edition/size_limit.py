"""An edition cut to fit into one email: mail programs cut off a longer one, Gmail at 102 KB, and with it the unsubscribe link.

Comments are left out first, from the last story upwards, then the last stories. Each is listed as left out, with its reason. So
the edition that is frozen is also the one that is previewed, reported and sent.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from markupsafe import escape

from digest.curate import article_left_out, comment_left_out, sorted_by_reason
from digest.errors import TemplateError
from digest.model import Edition, LeftOut
from digest.render.renderer import MAX_HTML_BYTES
from digest.text.prose import squeeze

NO_ROOM = "no room: mail programs cut off a mail of more than 102 KB"
_USUAL_BYTES = 700  # bytes of the last part, after which the footer comes
_OPENING_CHARS = 40  # of a comment, by which its place is found
_MARGIN = 600  # bytes by which the estimate of a cut may be too hopeful


class RendersHtml(Protocol):
    """What fits an edition: it makes the HTML, and says how many bytes of it leave with a recipient's longest values."""

    def html(self, edition: Edition) -> str:
        """Return the HTML of an edition."""

    def sent_size(self, html: str) -> int:
        """Return how many bytes the HTML has when it leaves."""


def fit_size(edition: Edition, design: RendersHtml) -> Edition:
    """Return the edition with as little left out as makes its HTML small enough. TemplateError if no cut does.

    The places of the parts in the HTML say what each of them takes, so a second rendering is the last one.
    """
    if not edition.stories:
        return edition
    most, count, whole = sum(len(story.picks) for story in edition.stories) + len(edition.stories) - 1, 0, edition
    while (excess := design.sent_size(html := design.html(edition)) - MAX_HTML_BYTES) > 0:
        if count == most:
            raise TemplateError(
                f"one story alone makes {(excess + MAX_HTML_BYTES) // 1000} KB of HTML; mail programs cut off at 102",
                thing="edition.mjml.j2",
                remedy="Shorten what your templates add to each mail, or newsletter.share and newsletter.support.",
            )
        count += _parts_to_cut(edition, html, excess + (_MARGIN if count == 0 else 0))
        edition = _cut(whole, min(count, most))
        count = min(count, most)
    return edition


def without_room(edition: Edition) -> tuple[LeftOut, ...]:
    """Return what was left out because there was no room."""
    return tuple(row for row in edition.left_out if row.reason == NO_ROOM)


def _parts_to_cut(edition: Edition, html: str, excess: int) -> int:
    """Return how many parts must go for the HTML to lose so many bytes; at least 1."""
    count = 0
    for size in _part_sizes(edition, html):
        if excess <= 0 and count:
            break
        excess -= size
        count += 1
    return count


def _part_sizes(edition: Edition, html: str) -> Iterator[int]:
    """Yield the bytes that each part takes, in the order in which they are cut: from where it begins to where the next one does."""
    places = list(_places(edition, html))
    ends = sorted(place for _, _, place in places if place >= 0)
    sizes = {}
    for at, pick, place in places:
        end = next((end for end in ends if end > place), place + _USUAL_BYTES)
        sizes[at, pick] = len(html[place:end].encode()) if place >= 0 else 0
    if not any(sizes.values()):  # a newsletter's own templates may change all that is looked for
        sizes = dict.fromkeys(sizes, _USUAL_BYTES)
    comments = [(at, pick) for at, story in enumerate(edition.stories) for pick in range(len(story.picks))]
    for key in [*reversed(comments), *((at, -1) for at in reversed(range(1, len(edition.stories))))]:
        yield sizes[key]


def _places(edition: Edition, html: str) -> Iterator[tuple[int, int, int]]:
    """Yield for each story (pick -1) and each comment under it where it begins in the HTML; -1 if it is not there."""
    starts, place = list[int](), 0
    for story in edition.stories:
        starts.append(html.find(f'"{escape(story.article.url)}', place))
        place = max(place, starts[-1])
    for at, (story, start) in enumerate(zip(edition.stories, starts, strict=True)):
        end = next((later for later in starts[at + 1 :] if later >= 0), len(html))
        yield at, -1, start
        place = max(start, 0)
        for number, pick in enumerate(story.picks):
            found = html.find(str(escape(squeeze(pick.excerpt)[:_OPENING_CHARS])), place, end)
            place = max(place, found + 1)
            yield at, number, found


def _cut(edition: Edition, count: int) -> Edition:
    """Return the edition without `count` parts: its comments from the last story's last upwards, then its last stories."""
    stories, left = list(edition.stories), list[LeftOut]()
    for at in reversed(range(len(stories))):
        keep = max(0, len(stories[at].picks) - (count - len(left)))
        left += [comment_left_out(pick.comment, NO_ROOM) for pick in stories[at].picks[keep:]]
        stories[at] = replace(stories[at], picks=stories[at].picks[:keep])
    while len(left) < count:
        left.append(article_left_out(stories.pop().article, NO_ROOM))
    return replace(edition, stories=tuple(stories), left_out=sorted_by_reason([*edition.left_out, *left]))
