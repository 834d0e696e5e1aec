"""Feeds: recorded ones against their REST truth, and broken ones."""

import json
from datetime import UTC, datetime

import pytest

from digest.collect.fetch import Response
from digest.collect.sources import comment_feed, feed
from digest.collect.sources.parsed_feed import parse
from digest.config import SourcePlan
from digest.errors import SourceError
from digest.model import UNDATED, Article, Comment
from tests.newsroom import BASE, DATA, NOW

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def answer(body: bytes, url: str = f"{BASE}/feed/", kind: str = "application/xml", status: int = 200) -> Response:
    return Response(status=status, url=url, headers={"content-type": kind}, body=body)


def articles(body: bytes, kind: str = "application/xml") -> list[Article]:
    return [row for row, _ in feed.read_page(answer(body, kind=kind), plan(), LONG_AGO).rows if row]


class Site:
    """Recorded answers by address."""

    def __init__(self, **pages: bytes) -> None:
        self.pages = pages
        self.asked: list[str] = []

    async def __call__(self, url: str) -> Response:
        self.asked.append(url)
        body = self.pages.get(url.removeprefix(BASE).strip("/") or "front")
        return answer(body or b"", url, status=404 if body is None else 200)


def plan(url: str = f"{BASE}/feed/") -> SourcePlan:
    return SourcePlan(kind="feed", url=url)


def recorded(name: str) -> bytes:
    return (DATA / name).read_bytes()


async def test_an_rss_feed_says_what_rest_says() -> None:
    site = Site(feed=recorded("feed.xml"))
    harvest = await feed.read(plan(), site, LONG_AGO)
    truth = {row["guid"]["rendered"]: row for row in json.loads((DATA / "posts.json").read_text())}
    assert len(harvest.articles) == 10
    for article in harvest.articles:
        row = truth[article.id]
        assert article.url == row["link"]
        assert article.published == datetime.fromisoformat(row["date_gmt"]).replace(tzinfo=UTC)
        assert article.author == row["_embedded"]["author"][0]["name"]
        assert "…" not in article.summary[-3:]
        assert "<" not in article.body_text


async def test_atom_and_rss_agree() -> None:
    rss = await feed.read(plan(), Site(feed=recorded("feed.xml")), LONG_AGO)
    atom = await feed.read(plan(), Site(feed=recorded("feed.atom")), LONG_AGO)
    rdf = await feed.read(plan(), Site(feed=recorded("feed.rdf")), LONG_AGO)
    assert [(a.id, a.title, a.published, a.comment_count) for a in rss.articles] == [
        (a.id, a.title, a.published, a.comment_count) for a in atom.articles
    ]
    assert [a.title for a in rdf.articles] == [a.title for a in rss.articles]


async def test_a_password_is_respected() -> None:
    harvest = await feed.read(plan(), Site(feed=recorded("feed.xml")), LONG_AGO)
    locked = [article for article in harvest.articles if article.access == "protected"]
    assert [article.title for article in locked] == ["Subscribers: the full budget papers"]
    assert locked[0].body_text == locked[0].summary == ""


async def test_only_articles_since_and_only_their_comments() -> None:
    site = Site(feed=recorded("feed.xml"))
    harvest = await feed.read(plan(), site, datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert len(harvest.articles) == 3
    assert site.asked[1:] == [
        f"{BASE}/2026/11/a-vote-nobody-has-to-heed/feed/",
        f"{BASE}/2026/11/walk-in-clinic-to-shut-on-wednesdays/feed/",
    ]
    assert len(harvest.failures) == 2
    assert "comments of" in harvest.failures[0].reason


async def thread(name: str) -> dict[str, Comment]:
    on = next(row for row in articles(recorded("feed-3.xml")) if "tram-is-the-wrong" in row.url)
    harvest = await comment_feed.read_thread(Site(comments=recorded(name)), on, f"{BASE}/comments")
    return {comment.id.rpartition("-")[2]: comment for comment in harvest.comments}


async def test_comments_of_rss_and_atom_have_the_parents_of_rest() -> None:
    truth = {str(row["id"]): row for row in json.loads((DATA / "comments.json").read_text())}
    for name in ("tram.xml", "tram.atom"):
        found = await thread(name)
        assert len(found) == 10
        for key, comment in found.items():
            parent = truth[key]["parent"]
            assert comment.parent_id == (f"{comment.article_id}#comment-{parent}" if parent else None), name
            assert "In reply to" not in comment.text


async def test_unmarked_pingbacks_are_seen() -> None:
    parsed = parse(answer(recorded("comments.xml")))
    kinds = {row.author: row for row in parsed.entries}
    on = articles(recorded("feed.xml"))[1]
    assert on is not None
    comment = comment_feed.comment(kinds["Upper Town Diary"], on)
    assert comment is not None
    assert comment.kind == "pingback"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (recorded("article.html"), "a web page, not a feed. Its feed is http://gazette.example/"),
        (b"", "not a feed"),
        (b"\x00\xff\x00garbage", "not a feed"),
        (b"{}", "not a JSON Feed"),
        (b"{broken", "malformed JSON"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": "nope"}', "no list of items"),
    ],
)
async def test_what_is_no_feed_is_named(body: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        await feed.read(plan(), Site(feed=body), LONG_AGO)


async def test_malformed_xml_gives_what_can_be_read() -> None:
    whole = recorded("feed.xml")
    harvest = await feed.read(plan(), Site(feed=whole[: len(whole) * 2 // 3]), LONG_AGO)
    assert 3 < len(harvest.articles) < 10
    assert any("malformed XML, line" in failure.reason for failure in harvest.failures)


async def test_an_entity_bomb_does_not_go_off() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "ha">{entities}]><rss version="2.0"><channel><item><title>&a11;</title><link>http://a.example/1</link><pubDate>Mon, 23 Nov 2026 15:40:00 +0000</pubDate></item></channel></rss>'
    try:
        harvest = await feed.read(plan(), Site(feed=bomb.encode()), LONG_AGO)
    except SourceError:
        return
    assert all(len(article.title) < 1000 for article in harvest.articles)


async def test_a_wrong_charset_header_does_not_spoil_names() -> None:
    body = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><item><title>Zoë’s café</title><link>http://a.example/1</link><pubDate>Mon, 23 Nov 2026 15:40:00 +0000</pubDate></item></channel></rss>'
    (article,) = articles(body.encode(), kind="text/xml; charset=utf-8")
    assert article.title == "Zoë’s café"


async def test_entries_without_an_address_are_counted_and_one_without_a_date_waits_for_its_first_sighting() -> None:
    entries = "<item><title>No date</title><link>http://a.example/1</link></item><item><title>No address</title></item>"
    harvest = await feed.read(plan(), Site(feed=f'<rss version="2.0"><channel>{entries}</channel></rss>'.encode()), LONG_AGO)
    (article,) = harvest.articles
    assert article.title == "No date"
    assert article.published == UNDATED
    assert article.guessed
    assert "1 entry without a link" in harvest.failures[0].reason


async def test_a_json_feed() -> None:
    item = {"id": 7, "url": "https://a.example/7", "title": "A &amp; <b>B</b>", "content_html": "<p>Text.</p><script>x</script>", "date_published": "2026-11-23T10:00:00+01:00", "tags": ["News", "news"], "authors": [{"name": "Nell"}]}  # fmt: skip
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item, {"id": "no email address"}]}).encode()
    harvest = await feed.read(plan(), Site(feed=body), LONG_AGO)
    (article,) = harvest.articles
    assert article.id == "gazette.example:7|https://a.example/7"
    assert article.author == "Nell"
    assert article.body_text == "Text."
    assert article.topics == ("News",)
    assert article.published == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert article.title == "A &amp; <b>B</b>"  # plain text, by the specification
    assert "1 entry" in harvest.failures[0].reason


@pytest.mark.parametrize(
    "item",
    [
        "<title>x</title><link>http://a.example:99999/1</link><pubDate>Mon, 23 Nov 2026 15:40:00 +0000</pubDate>",
        f"<title>x</title><link>http://a.example/1</link><slash:comments>{'9' * 5_000}</slash:comments><pubDate>Mon, 23 Nov 2026 15:40:00 +0000</pubDate>",
        f"<title>{'The post ' * 5_000}</title><link>http://a.example/1</link><description>{'Mr. ' * 9_000}</description><pubDate>Mon, 23 Nov 2026 15:40:00 +0000</pubDate>",
        f'<title>x</title><link>http://a.example/1</link><media:content url="http://a.example/x.png" width="{"9" * 5_000}"/><pubDate>Fri, 31 Feb 99999 15:40:00 +0000</pubDate>',
    ],
)
async def test_entries_with_bad_intent_are_entries_or_failures(item: str) -> None:
    spaces = 'xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:media="http://search.yahoo.com/mrss/"'
    body = f'<rss version="2.0" {spaces}><channel><item>{item}</item></channel></rss>'
    harvest = await feed.read(plan(), Site(feed=body.encode()), LONG_AGO)
    assert len(harvest.articles) + len(harvest.failures) == 1


async def test_json_that_is_all_brackets_is_a_failure_of_its_source() -> None:
    with pytest.raises(SourceError, match="malformed JSON"):
        await feed.read(plan(), Site(feed=b'{"version": ' + b"[" * 200_000), LONG_AGO)


async def test_two_sources_may_both_call_an_article_1001() -> None:
    body = b'<rss version="2.0"><channel><item><guid isPermaLink="false">1001</guid><title>x</title><link>http://a.example/1</link><pubDate>Mon, 23 Nov 2026 15:40:00 +0000</pubDate></item></channel></rss>'
    one = await feed.read(plan(), Site(feed=body), LONG_AGO)
    other = await feed.read(
        SourcePlan(kind="feed", url="http://other.example/feed/"), lambda url: Site(feed=body)(f"{BASE}/feed/"), LONG_AGO
    )
    assert one.articles[0].id != other.articles[0].id


def test_threads_say_how_far_they_reach() -> None:
    assert NOW > LONG_AGO
    on = next(row for row in articles(recorded("feed-3.xml")) if "tram-is-the-wrong" in row.url)
    parsed = parse(answer(recorded("tram.xml")))
    entries = tuple(row for item in parsed.entries if (row := comment_feed.comment(item, on)))
    assert on.comment_count is not None
    assert on.comment_count > 10
    (thread,) = comment_feed._reach(on, entries)
    assert thread.complete_since == min(row.written for row in entries)


async def test_a_next_page_that_is_not_there_costs_only_itself() -> None:
    first = FIRST_PAGE.encode()

    async def get(url: str) -> Response:
        return Response(status=404 if "page" in url else 200, url=url, headers={}, body=b"" if "page" in url else first)

    harvest = await feed.read(SourcePlan(kind="feed", url="https://g.example/feed"), get, datetime(2026, 11, 1, tzinfo=UTC))
    assert [row.title for row in harvest.articles] == ["Story"]
    assert "next page of the feed" in str(harvest.failures[0])


FIRST_PAGE = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>g</title>
<link rel="next" href="https://g.example/page/2"/><entry><id>1</id><title>Story</title><link href="https://g.example/1"/>
<published>2026-11-23T10:00:00Z</published><updated>2026-11-23T10:00:00Z</updated></entry></feed>"""
