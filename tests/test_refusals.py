"""Whose fault a refusal speaks of: no reader is taken for dead for what we are or do."""

import pytest

from digest.refusals import cause

TABLE = """
gone|5.1.1|550 5.1.1 <ada@readers.example>: Recipient address rejected: User unknown in virtual mailbox table
gone|5.1.1|550 5.1.1 The e-mail account that you tried to reach does not exist. See our policy page
gone|5.1.10|550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by address lookup
gone|5.4.1|550 5.4.1 Recipient address rejected: Access denied. [X1.PROD]
gone|5.5.0|550 Requested action not taken: mailbox unavailable
gone||550 No such user here
gone||554 delivery error: This user doesn't have a quaymail.example account
gone|5.1.2|Host or domain name not found. Name service error for name=lost.example type=MX: Host not found
gone|5.1.0|Domain lost.example does not accept mail (nullMX)
gone|5.1.6|551 5.1.6 user has moved to new@other.example
gone||550 Benutzer unbekannt
full|5.2.2|552 5.2.2 Mailbox full
full|5.2.1|550 5.2.1 The account is disabled
full||550 account suspended for the time being
full|4.2.2|452 4.2.2 over quota
later|4.4.7|message expired
later|5.3.2|550 5.3.2 mailbox unavailable, server under maintenance
later|5.2.1|550 5.2.1 This person receives mail at a rate that we cannot keep up with: receiving mail at a rate that prevents more
later||554 Sorry, your message cannot be delivered now, try again later
ours|5.1.8|550 5.1.8 <bounces@gazette.example>: Sender address rejected: Domain not found
ours|5.1.0|550 5.1.0 sender rejected, see how we treat bulk mail
ours|5.1.0|550 5.1.0 Could not verify sender
ours||550 Verification failed for <bounces@gazette.example>: No such user; Sender verify failed
ours|5.7.1|553 5.7.1 invalid sender domain
ours|5.5.2|504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname
ours|5.7.25|550 5.7.25 The address that sends this message has no PTR record
ours|5.7.515|550 5.7.515 Access denied, sending domain gazette.example does not meet the required authentication level
ours|5.7.1|550 5.7.1 message refused: DMARC of gazette.example says reject
ours|5.7.23|550 5.7.23 The message was rejected because of Sender Policy Framework violation
ours||554 Your IP is listed by a block list
ours|5.1.1|550 5.1.1 message rejected: your IP has a poor reputation
ours||550 Blocked
ours||571 the mail is refused by a spam filter
ours||550 Too many e-mails per hour, you have reached your hourly cap of 200
ours|5.7.0|550 5.7.0 Requested action not taken: too many e-mails per second
ours||550 Your account is suspended for sending until the invoice is paid
ours|5.7.4|530 5.7.4 Must issue a STARTTLS command first, encryption required
ours||554 5.7.1 Relay access denied
ours|5.3.4|552 5.3.4 Message size exceeds fixed limit
unclear||550 rejected
unclear|5.0.0|550 Unknown user (in reply to end of DATA command)
unclear|5.0.0|554 transaction failed
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_it_is_told_whose_fault_it_is(line: str) -> None:
    wanted, status, words = line.split("|", 2)
    assert cause(status, words) == wanted


@pytest.mark.parametrize(
    "filler", ["user ", "sender ", "account that you ", "(", "recipient <", "mailbox . ", "exceed ", "your ip "]
)
def test_long_words_take_no_long_time(filler: str) -> None:
    """Bounded work: a pattern that tried every way to match would not come back from this."""
    assert cause("", filler * 200_000)
