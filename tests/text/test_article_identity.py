"""Whether two articles are one."""

from dataclasses import replace
from datetime import timedelta

from digest.model import Article, ArticleSigns
from digest.text.article_identity import KnownArticles, same_article, signs_of
from tests.curate.test_curate import SENSIBLE, THIRD, article

PAGE = "https://gazette.example/today"
TIDES = "Tides at the harbour: high water {} and {}, low water {} and {}, with a swell from the north east and light winds all day."


def story(name: str, title: str, text: str, url: str = PAGE, hours: float = 5) -> Article:
    return article(name, hours, title=title, body_text=text, url=url)


def one(first: Article, second: Article) -> bool:
    """The same whichever comes first."""
    assert same_article(signs_of(first), signs_of(second)) == same_article(signs_of(second), signs_of(first))
    return same_article(signs_of(first), signs_of(second))


def test_two_stories_on_one_page_are_distinguished_by_their_anchors() -> None:
    ferry, lamps = story("a", "Ferry berth moves", SENSIBLE, f"{PAGE}#ferry"), story("b", "Pier lamps out", THIRD, f"{PAGE}#lamps")
    assert not one(ferry, lamps)
    assert one(ferry, story("c", "Ferry berth moves", SENSIBLE, f"{PAGE}#ferry-2"))


def test_a_link_whose_title_or_text_was_edited_is_one_article() -> None:
    first = story("a", "Ferry berth moves", SENSIBLE)
    assert one(first, story("b", "Correction to our report on the quay", SENSIBLE))
    assert one(first, story("b", "Ferry berth moves", THIRD))


def test_where_all_links_lead_to_the_front_page_the_words_decide() -> None:
    front = "https://gazette.example/"
    assert not one(story("a", "Ferry berth moves", SENSIBLE, front), story("b", "Pier lamps out", THIRD, front))


def test_a_page_title_with_the_sites_name_is_one_with_the_bare_one() -> None:
    long = story("b", "Ferry berth moves – The Harbour Gazette", THIRD)
    assert one(story("a", "Ferry berth moves", SENSIBLE), long)
    assert not one(story("a", "Ferry", SENSIBLE), long)


def test_a_story_that_moved_is_one_within_a_week() -> None:
    old, elsewhere = story("a", "Ferry berth moves", SENSIBLE), "https://gazette.example/archive/ferry"
    assert one(old, story("b", "Ferry berth moves", SENSIBLE, elsewhere, hours=5 + 6 * 24))
    assert not one(old, story("b", "Ferry berth moves", SENSIBLE, elsewhere, hours=5 + 8 * 24))
    assert not one(old, story("b", "Ferry berth moves", THIRD, elsewhere))


def test_a_table_with_other_figures_is_another_days() -> None:
    today = story("a", "Tides", TIDES.format("06:10", "18:32", "00:05", "12:20"), f"{PAGE}/1")
    tomorrow = story("b", "Tides", TIDES.format("06:58", "19:21", "00:51", "13:09"), f"{PAGE}/2", hours=-19)
    assert not one(today, tomorrow)
    assert one(today, replace(today, id="c", url=f"{PAGE}/3"))


def test_a_headline_that_comes_back_after_a_month_is_another_article() -> None:
    now = story("a", "Market on Saturday", SENSIBLE, f"{PAGE}/1")
    then = replace(now, id="b", url=f"{PAGE}/2", published=now.published - timedelta(days=33))
    assert not one(now, then)


def test_short_words_prove_nothing() -> None:
    assert not one(story("a", "Letters", "Send yours.", f"{PAGE}/1"), story("b", "Letters", "Send yours.", f"{PAGE}/2"))


def test_what_is_known_is_found_by_id_address_or_words() -> None:
    kept = story("a", "Ferry berth moves", SENSIBLE)
    known = KnownArticles([signs_of(kept), signs_of(story("z", "Pier lamps out", THIRD, f"{PAGE}/z"))])
    assert not KnownArticles()
    for again in (
        replace(kept, title="Another title", url=f"{PAGE}/elsewhere"),
        replace(kept, id="b", url="http://www.gazette.example/today/?utm_source=x"),
        replace(kept, id="b", url=f"{PAGE}/moved"),
    ):
        found = known.find(signs_of(again))
        assert found is not None
        assert found.id == "a"
    assert known.find(signs_of(story("n", "New kiln", SENSIBLE, f"{PAGE}/n"))) is None


def test_a_row_that_has_only_an_address_is_the_article_at_it() -> None:
    """Databases of early versions kept no more of an article."""
    known = ArticleSigns("old", signs_of(story("a", "Ferry berth moves", SENSIBLE)).address)
    assert same_article(known, signs_of(story("b", "Ferry berth moves", SENSIBLE)))
    assert same_article(signs_of(story("b", "Pier lamps out", THIRD)), known)


def test_texts_that_differ_in_a_word_or_two_are_one_and_half_a_text_is_not() -> None:
    long = " ".join(f"word{number:c}" for number in range(97, 97 + 26)) + " " + SENSIBLE
    assert one(story("a", "Letters", long, f"{PAGE}/1"), story("b", "Letters", f"Corrected: {long}", f"{PAGE}/2"))
    assert not one(story("a", "Letters", long, f"{PAGE}/1"), story("b", "Letters", f"{THIRD} {THIRD.upper()}", f"{PAGE}/2"))
