"""Delivery status notifications in the forms that mail systems give them, and the message of ours that comes back in them."""

import pytest

from digest.bounces import classify

REPORT = """From: MAILER-DAEMON@mx.example
To: bounces@gazette.example
Return-Path: <>
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Your message could not be delivered.

--b
Content-Type: {status}

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ada@readers.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: {original}

Message-ID: <abc.1@gazette.example>
To: ada@readers.example
Subject: The Harbour Gazette

--b--
"""


@pytest.mark.parametrize(
    "status", ["message/delivery-status", "message/global-delivery-status", "message/xdelivery-status", "text/delivery-status"]
)
def test_the_status_is_read_whatever_the_part_is_called(status: str) -> None:
    report = classify(REPORT.format(status=status, original="message/rfc822").encode())
    assert report.kind == "hard"
    assert report.addresses == ("ada@readers.example",)
    assert report.status == "5.1.1"


@pytest.mark.parametrize(
    "original",
    ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers"],
)
def test_which_message_of_ours_came_back_is_read_whatever_the_part_is_called(original: str) -> None:
    report = classify(REPORT.format(status="message/delivery-status", original=original).encode())
    assert report.message_id == "<abc.1@gazette.example>"


def test_a_notice_in_a_hundred_parts_is_read_to_a_limit() -> None:
    head = "From: MAILER-DAEMON@mx.example\nReturn-Path: <>\nSubject: Undelivered\nContent-Type: multipart/mixed; boundary=b\n\n"
    texts = ["The user ada@readers.example is unknown.", *[""] * 60, "The user bo@readers.example is unknown."]
    report = classify((head + "".join(f"--b\nContent-Type: text/plain\n\n{text}\n" for text in texts) + "--b--\n").encode())
    assert (report.kind, report.addresses) == ("hard", ("ada@readers.example",))
