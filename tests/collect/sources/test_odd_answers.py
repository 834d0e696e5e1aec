"""What publishing systems and careless hands put into feeds and APIs: nothing is lost for it, nothing is garbled."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from digest.collect.fetch import Response
from digest.collect.sources import feed, fields, json_api, jsonfeed
from digest.collect.sources.comment_feed import BEGINNING, comment, read_thread
from digest.collect.sources.dates import UTC_STYLE
from digest.collect.sources.parsed_feed import entry_date, parse
from digest.collect.sources.wordpress import _read as read_posts
from digest.config import SourcePlan
from digest.errors import SourceError
from digest.model import Article, Harvest
from digest.text.markup import link, plain, tidy
from tests.collect.sources.test_feed import LONG_AGO, answer, articles, plan

ITEM = "<item><title>{title}</title><link>https://gazette.example/{at}</link>{more}</item>"
TEXT = "The harbour board met on Monday and put off the vote on the night ferry until the new year."


def rss(*items: str) -> bytes:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Gazette</title>{"".join(items)}</channel></rss>'.encode()


def one(title: str = "Ferry", more: str = "", at: str = "ferry") -> Article:
    (found,) = articles(rss(ITEM.format(title=title, more=more, at=at)))
    return found


def from_json(body: bytes | str) -> list[Article]:
    return jsonfeed.articles(answer(body if isinstance(body, bytes) else body.encode(), kind="application/json"), plan())[0]


def json_feed(**item: object) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "https://gazette.example/a", **item}]})


@pytest.mark.parametrize("sign", ["\uffff", "\ufffe", "\ufdd0", "\U0001fffe", "&#xFFFF;"])
def test_a_sign_that_no_document_may_hold_is_dropped(sign: str) -> None:
    assert plain(f"<p>The fer{sign}ry</p>") == tidy(f"The fer{sign[:1].strip('&')}ry") == "The ferry"
    assert link(f"https://gazette.example/fer{sign[:1]}ry").isascii()


def test_half_a_sign_costs_no_story() -> None:
    (row,) = from_json(
        json_feed(title="Half \udc00 a sign", content_text="Half \udc00 a text", image="https://gazette.example/\udc00.png")
    )
    assert row.title == "Half \ufffd a sign"
    assert row.body_text == "Half \ufffd a text"
    assert row.image
    assert row.image.url.isascii()


def test_what_separates_words_still_separates_them() -> None:
    assert plain("The ferry stays.\u2028The council votes.") == "The ferry stays. The council votes."
    assert tidy("one\x0btwo") == "one\ntwo"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Smile &#55357;&#56832;", "Smile 😀"), ("Beyond &#1114112; all", "Beyond \ufffd all"), ("Nil &#0; here", "Nil \ufffd here"),
        ("Half &#xD83D; only", "Half \ufffd only"), ("Q&A at R&D", "Q&A at R&D"), ("Fish &amp; chips &#8211; now", "Fish & chips – now"),
        ("<![CDATA[Fish & chips &amp; peas]]>", "Fish & chips & peas"),
    ],
)  # fmt: skip
def test_references_and_ampersands_written_by_hand(title: str, shown: str) -> None:
    assert one(title).title == shown


def test_an_address_with_bare_ampersands_is_whole() -> None:
    assert one(at="story?id=2&reg=5&copy=1").url == "https://gazette.example/story?id=2&reg=5&copy=1"


def test_without_a_guid_entries_are_distinguished_by_their_addresses_where_these_differ() -> None:
    before, after = one("Vote on the fery"), one("Vote on the ferry")
    assert before.id == after.id
    pair = articles(rss(ITEM.format(title="Tram", more="", at="today"), ITEM.format(title="Ferry", more="", at="today")))
    assert len({row.id for row in pair}) == 2
    assert from_json(json_feed(title="Fery"))[0].id == from_json(json_feed(title="Ferry"))[0].id


@pytest.mark.parametrize(
    ("author", "shown"),
    [
        ("ada@gazette.london (Ada Quay)", "Ada Quay"), ("gil@gazette.online", ""), ("hal@gazette.photography (Hal Pier)", "Hal Pier"),
        ("ed (at) gazette.example", ""), ("Ada Quay", "Ada Quay"), ("Ada Quay &lt;ada@gazette.online&gt;", "Ada Quay"),
    ],
)  # fmt: skip
def test_bylines_hold_names_and_no_addresses(author: str, shown: str) -> None:
    assert one(more=f"<author>{author}</author>").author == shown


@pytest.mark.parametrize(
    "text", ["There is no excerpt because this is a protected post.", "This content is for members only. Join now to read it.",
             "You are unauthorized to view this page."]
)  # fmt: skip
def test_a_stand_in_for_a_text_is_not_one(text: str) -> None:
    row = one(more=f"<description>{text}</description>")
    assert row.access == "protected"
    assert row.summary == row.body_text == ""
    assert one(more=f"<description>{TEXT} {text} {TEXT * 5}</description>").access == "public"


@pytest.mark.parametrize(
    ("title", "notice"),
    [
        ("Protected: The ferry", "There is no excerpt because this is a protected post."),
        ("Geschützt: The ferry", "Es gibt keine Kurzfassung, da dies ein geschützter Beitrag ist."),
        ("Protégé&#160;: The ferry", "Il n’y pas d’extrait, car cet article est protégé."),
        ("<![CDATA[Protégé&nbsp;: The ferry]]>", "Il n’y pas d’extrait, car cet article est protégé."),
        ("Protegido: The ferry", "No hay extracto porque es una entrada protegida."),
        ("Protegido: The ferry", "Não há Resumo por ser um post protegido."),
        ("Protetto: The ferry", "Non è disponibile alcun riassunto in quanto si tratta di un articolo protetto."),
        ("Beveiligd: The ferry", "Er is geen samenvatting omdat dit bericht is beveiligd."),
        ("Zabezpieczony: The ferry", "Brak wypisu, ponieważ wpis jest zabezpieczony hasłem."),
        ("Lösenordsskyddad: The ferry", "Det finns inget utdrag eftersom det här är ett skyddat inlägg."),
        ("Beskyttet: The ferry", "Der er intet uddrag, da dette er et beskyttet indl&#230;g."),
        ("Beskyttet: The ferry", "Det finnes ikke utdrag siden innlegget er beskyttet."),
        ("密码保护：The ferry", '<form class="post-password-form"></form>'),
    ],
)
def test_the_title_of_a_protected_post_has_no_prefix_in_any_language(title: str, notice: str) -> None:
    body = f"<content:encoded><![CDATA[{notice}]]></content:encoded>" if "<" in notice else f"<description>{notice}</description>"
    row = one(title, more=body)
    assert row.title == "The ferry"
    assert row.access == "protected"
    assert row.body_text == ""


def test_the_title_of_a_public_post_may_begin_like_that_of_a_protected_one() -> None:
    assert (
        one("Protected: the newts of Mill Lane", more=f"<description>{TEXT}</description>").title
        == "Protected: the newts of Mill Lane"
    )


@pytest.mark.parametrize(
    "tail",
    ["[…] Fortsæt læsning", "… Sigue leyendo", "… Poursuivre la lecture", "[...] View Article", "… 계속 읽기", "[…] Mehr dazu im Blatt",
     "… okumaya devam et", "… Loe edasi"],
)  # fmt: skip
def test_an_invitation_to_read_on_is_no_summary(tail: str) -> None:
    assert fields.summary(f"{TEXT[:60]}{tail}", TEXT) == TEXT


def test_a_sentence_with_dots_in_it_is_kept() -> None:
    text = "The board said … nothing at all. It will meet again on Thursday."
    assert fields.summary(text, text) == text


@pytest.mark.parametrize(
    "markup",
    [
        f"<p>Reading Time: 3 minutes</p><p>{TEXT}</p>", f"<p>{TEXT}</p><p>Post Views: 1,024</p>",
        f"<p>{TEXT}</p><div class='heateor_sss_sharing_container'>ShareTweet</div>", f"<p>{TEXT}</p><ul class='post-share-buttons'><li>X</li></ul>",
        f"<div class='toc_container'>Contents</div><p>{TEXT}</p>", f"<blockquote>{TEXT}</blockquote>",
        f"<blockquote class='twitter-tweet'>A tweet</blockquote><p>{TEXT}</p>", f"&lt;p&gt;{TEXT}&lt;/p&gt;",
        f"<p>{TEXT[:-1]}<sup class='fn'><a href='#n1'>1</a></sup>.</p>", f"<p>{TEXT[:-1]}<sup><a href='#fn2'>[2]</a></sup>.</p>",
    ],
)  # fmt: skip
def test_a_summary_holds_the_words_and_not_the_furniture(markup: str) -> None:
    assert fields.summary(markup, fields.body(markup)) == TEXT


def test_what_is_raised_and_no_footnote_stays() -> None:
    assert plain("<p>40 m<sup>2</sup> of quay</p>") == "40 m2 of quay"
    assert plain('<p class="share-price">The share price rose</p>') == "The share price rose"


def test_a_picture_of_an_emoji_becomes_the_emoji() -> None:
    assert plain('<p>Well done <img src="x.png" alt="❤" class="wp-smiley"></p>') == "Well done ❤"
    assert plain('<p>Well done <img src="x.png" alt="A quay"></p>') == "Well done"


def test_tables_and_struck_words_of_markdown() -> None:
    assert (
        plain(fields.markdown("| Day | Berths |\n|---|---|\n| Monday | 12 |\n\n~~no~~ yes")) == "Day Berths\n\nMonday 12\n\nno yes"
    )


@pytest.mark.parametrize("hidden", ["[spoiler]it was the cook[/spoiler]", "<details><summary>End</summary>it was the cook</details>",
                                    "[spoiler=the end]it was the cook"])  # fmt: skip
def test_what_a_commenter_hides_stays_hidden(hidden: str) -> None:
    shown = fields.comment_text(f"<p>A fine story. {hidden}</p>")
    assert "cook" not in shown
    assert "[…]" in shown


def test_what_an_article_folds_is_printed() -> None:
    assert "nine o'clock" in fields.body("<details><summary>When?</summary>At nine o'clock</details>")


@pytest.mark.parametrize("name", ["https://cheap.example", "casino.com", "www.best.example", "ann (at) mail.example"])
def test_a_web_address_is_nobodys_name(name: str) -> None:
    assert fields.name(name) == fields.NAMELESS
    assert fields.name("Ann O. Quay") == "Ann O. Quay"


@pytest.mark.parametrize("words", ["Als Antwort auf", "En réponse à", "In reply to"])
def test_whom_a_comment_answers_is_not_what_it_says(words: str) -> None:
    markup = f'<p>{words} <a href="https://gazette.example/ferry/#comment-7">Ann Line</a>.</p><p>I was there.</p>'
    escaped = markup.replace("<", "&lt;")
    more = f"<guid>https://gazette.example/ferry/#comment-9</guid><pubDate>Mon, 23 Nov 2026 10:00:00 +0000</pubDate><description>{escaped}</description>"
    (entry,) = parse(answer(rss(ITEM.format(title="x", at="ferry/#comment-9", more=more)))).entries
    found = comment(entry, one())
    assert found
    assert found.text == "I was there."
    assert str(found.parent_id).endswith("#comment-7")


# JSON Feed


def test_a_notice_before_the_json_and_a_tab_in_it_cost_nothing() -> None:
    body = json_feed(title="Ferry").replace("Ferry", "Fer\try")
    (row,) = from_json(f"<br />\n<b>Notice</b>: Undefined index in <b>/srv/feed.php</b> on line <b>3</b><br />\n{body}")
    assert row.title == "Fer ry"
    assert jsonfeed.matches(answer(b"<br />\n" + body.encode()))
    assert not jsonfeed.matches(answer(rss()))


def test_the_only_date_there_is_counts() -> None:
    (row,) = from_json(json_feed(title="Old", date_modified="2019-05-01T10:00:00Z", image=False))
    assert row.published == datetime(2019, 5, 1, 10, tzinfo=UTC)
    assert not row.guessed
    assert row.image is None


# WordPress


def post(**row: object) -> dict[str, object]:
    return {
        "id": 7, "date": "2026-11-23T10:00:00", "date_gmt": "2026-11-23T10:00:00", "modified_gmt": "2026-11-23T10:00:00",
        "link": "https://gazette.example/ferry/", "guid": {"rendered": "https://gazette.example/?p=7"},
        "title": {"rendered": "Ferry"}, "content": {"rendered": f"<p>{TEXT}</p>"}, "excerpt": {"rendered": ""}, **row,
    }  # fmt: skip


@pytest.mark.parametrize(
    "flaw",
    [
        {"guid": None}, {"modified_gmt": None}, {"modified_gmt": "0000-00-00T00:00:00"}, {"excerpt": {"rendered": None}}, {"excerpt": False},
        {"title": "Ferry"}, {"_embedded": []}, {"date_gmt": None}, {"date_gmt": "0000-00-00T00:00:00"}, {"content": {"rendered": f"<p>{TEXT}</p>", "protected": None}},
    ],
)  # fmt: skip
def test_a_post_with_a_flaw_is_a_post(flaw: dict[str, object]) -> None:
    wordpress = SourcePlan(kind="wordpress", url="https://gazette.example")
    found, failures = read_posts([post(**flaw)], wordpress, LONG_AGO)
    assert failures == ()
    assert found[7].title == "Ferry"
    assert found[7].published == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert found[7].summary == TEXT


# APIs


class Row(json_api.Shape):
    name: str
    tags: tuple[str, ...] = ()


@pytest.mark.parametrize("row", [{"name": "a", "tags": None}, {"name": "a"}, {"name": "a", "other": None}])
def test_what_is_null_is_absent(row: dict[str, Any]) -> None:
    assert json_api.read_rows(Row, [row])[0].tags == ()


def test_what_is_null_and_must_be_there_is_missing() -> None:
    with pytest.raises(SourceError, match="name: Field required"):
        json_api.read_rows(Row, [{"name": None}])


def test_an_entry_is_read_whatever_its_feed_is_declared_to_be() -> None:
    assert feed.read_page(answer(rss(ITEM.format(title="Ferry", more="", at="ferry")), kind="text/html"), plan(), LONG_AGO).rows


# Parts of feeds that are broken while the rest is not


def test_an_author_that_is_none_costs_the_feed_nothing() -> None:
    feed_ = {
        "version": "https://jsonfeed.org/version/1.1",
        "authors": [7],
        "items": [{"url": "https://gazette.example/a", "title": "Ferry"}],
    }
    (row,) = from_json(json.dumps(feed_))
    assert row.title == "Ferry"
    assert row.author == ""


@pytest.mark.parametrize("item", ["an advertisement", 7, {"url": "https://gazette.example/b", "authors": [7]}])
def test_an_item_that_is_none_is_counted(item: object) -> None:
    items = [item, {"url": "https://gazette.example/a", "title": "Ferry"}]
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()
    found, skipped = jsonfeed.articles(answer(body, kind="application/json"), plan())
    assert [row.title for row in found] == ["Ferry"]
    assert skipped == 1


def test_a_bot_shield_in_the_place_of_a_feed_is_named_with_what_to_do() -> None:
    with pytest.raises(SourceError, match=r"a bot challenge answers in the site's place.*allow its User-Agent"):
        parse(answer(b"<!doctype html><html><title>Just a moment...</title></html>"))


@pytest.mark.parametrize(
    "parsed", [(2026, 13, 1, 0, 0, 0, 0, 1, 0), (2026, 11, 40_000_000_000, 0, 0, 0, 0, 1, 0), (126, 1, 1, 0, 0, 0, 0, 1, 0), None]
)
def test_a_date_that_the_parser_of_feeds_garbles_is_none(parsed: object) -> None:
    assert entry_date({"published": "thirteenth of never", "published_parsed": parsed}, "published", UTC_STYLE) is None


def test_a_picture_beside_a_video_or_attached_as_a_file_is_the_articles() -> None:
    video = '<media:content url="https://gazette.example/v.mp4" medium="video"/>'
    picture = '<media:content url="https://gazette.example/p.jpg" medium="image" width="800" height="600"/>'
    file = '<enclosure url="https://gazette.example/e.jpg" type="image/jpeg" length="1"/>'
    sound = '<enclosure url="https://gazette.example/a.mp3" type="audio/mpeg" length="1"/>'
    media = b'<rss xmlns:media="http://search.yahoo.com/mrss/" version="2.0">'
    shown = []
    for more in (video + picture, video + sound + file, sound, video):
        (row,) = articles(rss(ITEM.format(title="Ferry", at="ferry", more=more)).replace(b'<rss version="2.0">', media))
        shown.append(row.image.url.rpartition("/")[2] if row.image else "")
    assert shown == ["p.jpg", "e.jpg", "", ""]


REMARK = "<guid>https://gazette.example/ferry/#comment-{0}</guid><description>I was there.</description>"
WRITTEN = "<pubDate>Mon, 23 Nov 2026 10:00:00 +0000</pubDate>"


async def read_remarks(*more: str, count: int | None = None) -> Harvest:
    entries = [ITEM.format(title="x", at="ferry", more=REMARK.format(number) + rest) for number, rest in enumerate(more)]

    async def get(url: str) -> Response:
        return answer(rss(*entries), url)

    return await read_thread(get, replace(one(), comment_count=count), "https://gazette.example/ferry/feed/")


async def test_a_comment_without_a_date_is_left_out() -> None:
    assert [row.id.rpartition("-")[2] for row in (await read_remarks("", WRITTEN)).comments] == ["1"]


async def test_a_comment_feed_that_has_as_many_as_the_article_counts_is_whole() -> None:
    """Only then has a comment that is missing been removed; else it may be older than the feed."""
    whole, part = await read_remarks(WRITTEN, WRITTEN, count=2), await read_remarks(WRITTEN, WRITTEN, count=3)
    assert [row.complete_since for row in whole.threads] == [BEGINNING]
    assert [row.complete_since for row in part.threads] == [datetime(2026, 11, 23, 10, tzinfo=UTC)]
    assert (await read_remarks(count=3)).threads == ()


async def test_a_source_that_has_used_up_its_time_is_read_no_further() -> None:
    used = fields.BUDGET.set(fields.Budget(0.0))
    try:
        with pytest.raises(SourceError, match=r"costs too much.*is it broken\?"):
            await fields.off_loop(len, "markup")
    finally:
        fields.BUDGET.reset(used)
    assert await fields.off_loop(len, "markup") == 6
