"""Whose fault a refusal speaks of: no subscriber is taken for dead for what we are or do."""

import pytest

from digest.bounces.refusals import cause_of

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
gone|5.1.0|550 #5.1.0 Address rejected.
gone||550 This account has been discontinued
gone||551 User not local; ask elsewhere
gone|5.1.0|550 5.1.0 Recipient address rejected: undeliverable address: the host behind said: 550 no such user
gone||The address that you wrote to wasn't found there
gone||The domain has expired, nothing is taken for it
gone||Das Postfach von ada@readers.example gibt es nicht
gone||550 Le compte ada@readers.example n'existe plus
gone||550 Adresse destinataire inexistante
gone||550 El buzon de ada@readers.example no existe
gone||550 O usuário não existe
gone||550 Casella inesistente
gone||550 De mailbox bestaat niet
gone||550 Skrzynka nie istnieje
gone||550 Uzivatel neexistuje
gone||550 Mottakeren finnes ikke
gone||550 Käyttäjää ei löydy
gone||550 Пользователь ada@readers.example не найден
gone||550 宛先のユーザーは存在しません
gone||550 收件人不存在
gone||550 사용자를 찾을 수 없습니다
gone||550 A címzett nem létezik
gone||550 kullanıcı bulunamadı
gone||550 Destinatar necunoscut
gone||550 Ο χρήστης δεν υπάρχει
full||550 Das Postfach ist voll
full||550 Postfach: Speicherplatz ueberschritten
full||550 La boite du destinataire est pleine
full||550 Skrzynka pełna
full||550 Cuenta suspendida
full||550 邮箱已满
full||the storage limit of the recipient is exceeded
later||the server is out of disk space
later||No space left on device, mailbox not written
later|5.3.5|550 5.3.5 configuration error
later||TLS handshake failed
later|5.3.0|550 5.3.0 Other mail system problem
later|5.4.1|550 5.4.1 no answer from host
gone||550 Recipient is on the suppression list
gone||Not sent: the address previously bounced
unclear|5.0.0|550 5.0.0 failed
later||550 Zustellung vorübergehend nicht möglich
ours|5.7.1|550 5.7.1 Account suspended for sending spam
ours||550 Your sending account has been suspended
ours||550 Outgoing mail for this account is suspended
ours||454 Throttled: daily message quota exceeded
ours||550 permanent failure for some recipients (ada@readers.example:blocked)
ours||550 This user has blocked you
ours||550 Blocked by the user's personal filter
ours||550 Header From domain has no MX
ours|5.7.27|550 5.7.27 Sender address has null MX
ours|5.7.1|550 5.7.1 Excessive unknown recipients
ours|5.7.708|550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP
ours||550 You must be a member to write here
ours||550 Absender abgelehnt
ours||550 Votre message a été rejeté
ours||550 Le message est indésirable
ours||550 Remitente rechazado
ours||550 Mittente bloccato
ours||550 Отправитель заблокирован
ours||550 送信者が拒否されました
ours||550 邮件被拒绝
ours|5.1.1|550 5.1.1 Too many invalid recipients, user unknown rate exceeded
ours|5.1.1|550 5.1.1 Invalid From domain: gazette.example has no MX record
ours|5.1.3|553 5.1.3 Message contains invalid From header
ours|5.1.1|550 5.1.1 Possible directory harvest attack: too many unknown recipients
ours||550 Directory harvest attack: unknown recipient
ours|5.1.1|550 5.1.1 Recipient rejected: your account has no credits left
later|5.1.1|550 5.1.1 Recipient address rejected: undeliverable address: address verification in progress
ours||550 Account suspended: your sending plan has been suspended
ours||Ihr Konto wurde wegen Spamversands gesperrt
ours||Versandlimit Ihres Kontos überschritten
ours||Votre quota d'envoi quotidien est dépassé
unclear||550 rejected
unclear|5.0.0|550 Unknown user (in reply to end of DATA command)
unclear|5.0.0|554 transaction failed
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_a_refusal_says_whose_fault_it_is(line: str) -> None:
    wanted, status, words = line.split("|", 2)
    assert cause_of(status, words) == wanted


@pytest.mark.parametrize(
    "filler", ["user ", "sender ", "account that you ", "(", "recipient <", "mailbox . ", "exceed ", "your ip "]
)
def test_long_words_take_no_long_time(filler: str) -> None:
    """Bounded work: a pattern that tried every way to match would not come back from this."""
    assert cause_of("", filler * 200_000)
