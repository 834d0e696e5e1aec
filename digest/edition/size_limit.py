"""An edition cut to fit into one email: mail programs cut off a longer one, Gmail at 102 KB, and with it the unsubscribe link.

Comments are left out first, from the last story upwards, then the last stories. Each is listed as left out, with its reason. So
the edition that is frozen is also the one that is previewed, reported and sent.
"""

from collections.abc import Callable
from dataclasses import replace

from digest.curate import article_left_out, comment_left_out, sorted_by_reason
from digest.errors import TemplateError
from digest.model import Edition, LeftOut
from digest.render.renderer import MAX_HTML_BYTES

NO_ROOM = "no room: mail programs cut off a mail of more than 102 KB"


def fit_size(edition: Edition, size: Callable[[Edition], int]) -> Edition:
    """Return the edition with as little left out as makes `size` (bytes of the HTML that is sent) small enough. TemplateError if
    no cut does.
    """
    most = sum(len(story.picks) for story in edition.stories) + max(0, len(edition.stories) - 1)
    if not edition.stories or size(edition) <= MAX_HTML_BYTES:
        return edition
    if (least := size(_cut(edition, most))) > MAX_HTML_BYTES:
        raise TemplateError(
            f"one story alone makes {least // 1000} KB of HTML; mail programs cut off at 102",
            thing="edition.mjml.j2",
            remedy="Shorten what your templates add to each mail, or newsletter.share and newsletter.support.",
        )
    low, high = 0, most  # `low` cuts are too few, `high` are enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if size(_cut(edition, middle)) <= MAX_HTML_BYTES else (middle, high)
    return _cut(edition, high)


def without_room(edition: Edition) -> tuple[LeftOut, ...]:
    """Return what was left out because there was no room."""
    return tuple(row for row in edition.left_out if row.reason == NO_ROOM)


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
