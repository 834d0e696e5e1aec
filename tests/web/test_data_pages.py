"""The pages of one's own data: what happens when somebody asks too often, comes too late, or the list cannot be written."""

import asyncio
import logging

import pytest

from digest.audience.data_requests import DataRequests
from tests.newsroom import NOW
from tests.web.conftest import Town, link
from tests.web.test_readership import got

ADA = "ada@readers.example"


async def own_page(town: Town) -> str:
    await got(f"{town.base}/preferences", method="POST", email=ADA)
    return link(await town.letter(ADA), town.base, "mine")


async def test_the_form_asks_for_an_address(town: Town) -> None:
    assert 'name="email"' in await got(f"{town.base}/preferences")


async def test_an_address_that_is_none_is_sent_back_to_the_form(town: Town) -> None:
    page = await got(f"{town.base}/preferences", 400, method="POST", email="not an address")
    assert "Enter an email address in the correct format" in page


async def test_who_asks_for_too_many_links_is_asked_to_wait(town: Town) -> None:
    town.pages._limits._emails_per_visitor._burst = 2
    town.pages._limits._emails_per_visitor._buckets.clear()
    for _ in range(2):
        await got(f"{town.base}/preferences", method="POST", email=ADA)
    assert "You have tried too many times" in await got(f"{town.base}/preferences", 429, method="POST", email=ADA)


async def test_one_mailbox_gets_three_links_an_hour_whoever_asks(town: Town) -> None:
    pages = [await got(f"{town.base}/preferences", method="POST", email=ADA) for _ in range(5)]
    await town.pages.subscriptions.emails.wait()
    assert town.relay.counts[ADA] == 3
    assert len(set(pages)) == 1  # the answer does not tell


async def test_links_that_many_ask_for_at_once_all_arrive(town: Town) -> None:
    people = [f"r{number}@readers.example" for number in range(12)]
    town.app.subscriber_path.write_text("\n".join(["email", *people, ""]))
    await asyncio.gather(*(got(f"{town.base}/preferences", method="POST", email=address) for address in people))
    await town.pages.subscriptions.emails.wait()
    assert sorted(town.relay.counts) == sorted(people)


async def test_a_link_to_ones_data_that_is_forged_leads_to_nothing(town: Town) -> None:
    page = await own_page(town)
    await got(f"{page[:-3]}xyz", 404)
    await got(f"{page[:-3]}xyz/data.json", 404)
    await got(f"{page[:-3]}xyz/erase", 404, method="POST")


async def test_data_is_not_said_to_be_deleted_if_the_list_cannot_be_written(town: Town) -> None:
    page = await own_page(town)
    town.app.subscriber_path.write_text(f"name\n{ADA}\n")  # the operator has lost the name of the column
    assert "Your change could not be saved" in await got(f"{page}/erase", 503, method="POST")
    assert town.app.store.subscribers.deliveries_to(ADA)
    town.app.subscriber_path.write_text(f"email\n{ADA}\n")
    assert "Your data has been deleted" in await got(f"{page}/erase", method="POST")
    assert town.app.store.subscribers.deliveries_to(ADA) == []


async def test_who_is_no_longer_on_the_list_can_have_their_data_deleted_too(town: Town) -> None:
    page = await own_page(town)
    town.app.subscriber_path.write_text("email\nbo@readers.example\n")
    assert "Your data has been deleted" in await got(f"{page}/erase", method="POST")
    assert town.app.subscriber_path.read_text() == "email\nbo@readers.example\n"
    assert town.app.store.subscribers.deliveries_to(ADA) == []


async def test_who_complained_gets_no_email_of_ours_even_if_asked_for(town: Town) -> None:
    town.app.store.suppressions.add(ADA, "complained", NOW)
    await got(f"{town.base}/preferences", method="POST", email=ADA)
    await town.pages.subscriptions.emails.wait()
    assert town.relay.taken == []


async def test_a_link_that_the_relay_refuses_is_told_to_the_operator_only(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    town.relay.rcpt = lambda address: "550 5.7.1 go away"
    assert "5.7.1" not in await got(f"{town.base}/preferences", method="POST", email=ADA)
    await town.pages.subscriptions.emails.wait()
    assert f"could not send an email to {ADA}: 550 5.7.1 go away" in caplog.text


async def test_a_relay_that_is_away_is_told_to_the_operator_only(
    town: Town, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.WARNING, "digest")
    town.relay.mail = lambda sender: "553 5.1.8 sender refused"
    await got(f"{town.base}/preferences", method="POST", email=ADA)
    await town.pages.subscriptions.emails.wait()
    assert "could not send an email" in caplog.text


async def test_a_second_request_for_erasure_finds_nobody(town: Town) -> None:
    requests: DataRequests = town.pages.subscriptions.data
    page = await own_page(town)
    await got(f"{page}/erase", method="POST")
    assert requests.record(page.rpartition("/")[2]) is None
    await got(f"{page}/erase", 404, method="POST")
