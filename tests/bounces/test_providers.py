"""What each mail provider reports, and that nothing counts which is not proved to be the provider's."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from digest.bounces.providers import PROVIDERS, ForgedError, WebhookCall, read_call
from digest.config import Webhook, WebhookProvider
from digest.errors import FetchError
from tests.newsroom import NOW

ADA = "ada@readers.example"
STAMP = int(NOW.timestamp())
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
SNS_KEY = rsa.generate_private_key(65_537, 2_048)
SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())


def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(SNS_KEY.public_key()).serial_number(1)
    made = builder.not_valid_before(now).not_valid_after(now + timedelta(days=999)).sign(SNS_KEY, SHA256())
    return made.public_bytes(Encoding.PEM)


PEM = certificate()


def sns(message: dict[str, Any], *, version: str = "2", kind: str = "Notification", **changed: str) -> bytes:
    fields = {
        "Type": kind, "MessageId": "m-1", "TopicArn": TOPIC, "Message": json.dumps(message), "Timestamp": "2026-11-24T07:00:00.000Z",
        "SignatureVersion": version, "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        **({"Token": "t", "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"} if kind != "Notification" else {}),
    }  # fmt: skip
    names = [
        "Message",
        "MessageId",
        *(["SubscribeURL"] if kind != "Notification" else []),
        "Timestamp",
        *(["Token"] if kind != "Notification" else []),
        "TopicArn",
        "Type",
    ]
    words = "".join(f"{name}\n{fields[name]}\n" for name in names).encode()
    signature = SNS_KEY.sign(words, padding.PKCS1v15(), SHA256() if version == "2" else SHA1())
    return json.dumps({**fields, "Signature": base64.b64encode(signature).decode(), **changed}).encode()


def ses_bounce(kind: str = "Permanent", sub: str = "General") -> dict[str, Any]:
    bounced = [{"emailAddress": ADA, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]
    return {
        "notificationType": "Bounce",
        "bounce": {"bounceType": kind, "bounceSubType": sub, "bouncedRecipients": bounced},
        "mail": {},
    }


def mailgun(event: dict[str, Any], *, key: str = "mg-key", at: int = STAMP) -> bytes:
    seal = hmac.new(key.encode(), f"{at}tok".encode(), hashlib.sha256).hexdigest()
    data = {"id": "e1", "recipient": ADA, **event}
    return json.dumps({"signature": {"timestamp": str(at), "token": "tok", "signature": seal}, "event-data": data}).encode()


def sendgrid(rows: list[dict[str, Any]], *, at: int = STAMP, key: ec.EllipticCurvePrivateKey = SENDGRID_KEY) -> WebhookCall:
    body = json.dumps(rows).encode()
    seal = base64.b64encode(key.sign(str(at).encode() + body, ec.ECDSA(SHA256()))).decode()
    return WebhookCall(
        body=body, headers={"x-twilio-email-event-webhook-timestamp": str(at), "x-twilio-email-event-webhook-signature": seal}
    )


HOOKS: dict[WebhookProvider, Webhook] = {
    "ses": Webhook(topic=TOPIC),
    "mailgun": Webhook(key="mg-key"),
    "sendgrid": Webhook(
        key=base64.b64encode(SENDGRID_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    ),
    "postmark": Webhook(user="hook", password="secret"),
    "brevo": Webhook(key="brevo-token"),
}
BASIC = {"authorization": f"Basic {base64.b64encode(b'hook:secret').decode()}"}
BEARER = {"authorization": "Bearer brevo-token"}


def call(
    name: WebhookProvider,
    given: WebhookCall | bytes | object,
    headers: dict[str, str] | None = None,
    fetch: Callable[[str], bytes] = lambda url: PEM,
) -> list[tuple[str, str]]:
    made = (
        given
        if isinstance(given, WebhookCall)
        else WebhookCall(body=given if isinstance(given, bytes) else json.dumps(given).encode(), headers=headers or {})
    )
    events = read_call(name, made, HOOKS[name], float(STAMP), fetch)
    return [(event.report.kind, event.report.addresses[0]) for event in events]


@pytest.mark.parametrize(
    ("name", "given", "headers", "kind"),
    [
        ("ses", sns(ses_bounce()), None, "hard"),
        ("ses", sns(ses_bounce(), version="1"), None, "hard"),
        ("ses", sns(ses_bounce("Transient", "MailboxFull")), None, "soft"),
        ("ses", sns(ses_bounce("Permanent", "ContentRejected")), None, "soft"),
        ("ses", sns({"eventType": "Complaint", "complaint": {"complainedRecipients": [{"emailAddress": ADA}]}, "mail": {}}), None, "complaint"),
        ("mailgun", mailgun({"event": "failed", "severity": "permanent", "reason": "bounce"}), None, "hard"),
        ("mailgun", mailgun({"event": "failed", "severity": "temporary"}), None, "soft"),
        ("mailgun", mailgun({"event": "failed", "severity": "permanent", "reason": "bounce", "delivery-status": {"enhanced-code": "5.2.2"}}), None, "full"),
        ("mailgun", mailgun({"event": "complained"}), None, "complaint"),
        ("mailgun", mailgun({"event": "unsubscribed"}), None, "leave"),
        ("sendgrid", sendgrid([{"event": "bounce", "email": ADA, "status": "5.1.1", "type": "bounce", "sg_event_id": "1"}]), None, "hard"),
        ("sendgrid", sendgrid([{"event": "bounce", "email": ADA, "status": "5.7.1", "type": "blocked", "sg_event_id": "1"}]), None, "ours"),
        ("sendgrid", sendgrid([{"event": "spamreport", "email": ADA, "sg_event_id": "1"}]), None, "complaint"),
        ("sendgrid", sendgrid([{"event": "dropped", "email": ADA, "reason": "Bounced Address", "sg_event_id": "1"}]), None, "hard"),
        ("sendgrid", sendgrid([{"event": "dropped", "email": ADA, "reason": "Unsubscribed Address", "sg_event_id": "1"}]), None, "leave"),
        ("postmark", {"RecordType": "Bounce", "Type": "SpamComplaint", "Email": ADA, "ID": 4}, BASIC, "complaint"),
        ("postmark", {"RecordType": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "SpamComplaint", "Recipient": ADA}, BASIC, "complaint"),
        ("postmark", {"RecordType": "Bounce", "Type": "HardBounce", "Email": ADA, "ID": 1}, BASIC, "hard"),
        ("postmark", {"RecordType": "Bounce", "Type": "SoftBounce", "Email": ADA, "ID": 2}, BASIC, "soft"),
        ("postmark", {"RecordType": "SpamComplaint", "Email": ADA, "ID": 3}, BASIC, "complaint"),
        ("brevo", {"event": "hard_bounce", "email": ADA, "message-id": "<1>"}, BEARER, "hard"),
        ("brevo", {"event": "soft_bounce", "email": ADA, "message-id": "<1>"}, BEARER, "soft"),
        ("brevo", {"event": "spam", "email": ADA, "message-id": "<1>"}, BEARER, "complaint"),
    ],
)  # fmt: skip
def test_what_a_provider_reports(
    name: WebhookProvider, given: WebhookCall | bytes | object, headers: dict[str, str] | None, kind: str
) -> None:
    assert call(name, given, headers) == [(kind, ADA)]


@pytest.mark.parametrize(
    ("name", "given", "headers"),
    [
        ("postmark", {"RecordType": "Bounce", "Type": "AutoResponder", "Email": ADA, "ID": 1}, BASIC),
        ("postmark", {"RecordType": "Delivery", "Recipient": ADA}, BASIC),
        ("brevo", {"event": "delivered", "email": ADA}, BEARER),
        ("mailgun", mailgun({"event": "delivered"}), None),
        ("sendgrid", sendgrid([{"event": "open", "email": ADA}, {"event": "deferred", "email": ADA}]), None),
        ("sendgrid", sendgrid([{"event": "dropped", "email": ADA, "reason": "Invalid SMTPAPI header", "sg_event_id": "1"}]), None),
        ("ses", sns({"notificationType": "AmazonSnsSubscriptionSucceeded"}), None),
    ],
)
def test_what_says_nothing_of_a_bounce(
    name: WebhookProvider, given: WebhookCall | bytes | object, headers: dict[str, str] | None
) -> None:
    assert call(name, given, headers) == []


@pytest.mark.parametrize(
    ("name", "given", "headers"),
    [
        ("ses", sns(ses_bounce(), Message=json.dumps(ses_bounce("Transient"))), None),
        ("ses", sns(ses_bounce(), TopicArn="arn:aws:sns:eu-west-1:1:other"), None),
        ("ses", sns(ses_bounce(), SigningCertURL="https://sns.eu-west-1.amazonaws.com.evil.example/x.pem"), None),
        ("ses", sns(ses_bounce(), SigningCertURL="http://sns.eu-west-1.amazonaws.com/x.pem"), None),
        ("ses", sns(ses_bounce(), SigningCertURL="https://s3.eu-west-1.amazonaws.com/bucket/x.pem"), None),
        ("ses", sns(ses_bounce(), Signature="AAAA"), None),
        ("ses", b"[]", None),
        ("ses", sns(ses_bounce(), SigningCertURL="https://[x"), None),
        ("ses", sns(ses_bounce(), SigningCertURL="https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-1.pem"), None),
        ("ses", sns(ses_bounce(), SigningCertURL="https://sns.eu-west-1.amazonaws.com/?Action=Anything"), None),
        ("mailgun", b'{"signature": {"timestamp": "\\ud800", "token": "\\ud800", "signature": "\\ud800"}}', None),
        ("mailgun", mailgun({"event": "complained"}, key="other"), None),
        ("mailgun", mailgun({"event": "complained"}, at=STAMP - 1_000), None),
        ("mailgun", b"{", None),
        ("sendgrid", sendgrid([{"event": "bounce", "email": ADA}], key=ec.generate_private_key(ec.SECP256R1())), None),
        ("sendgrid", sendgrid([{"event": "bounce", "email": ADA}], at=STAMP - 1_000), None),
        ("sendgrid", [{"event": "bounce", "email": ADA}], None),
        ("postmark", {"RecordType": "SpamComplaint", "Email": ADA}, {"authorization": "Basic AAAA"}),
        ("postmark", {"RecordType": "SpamComplaint", "Email": ADA}, None),
        ("brevo", {"event": "spam", "email": ADA}, {"authorization": "Bearer "}),
    ],
)
def test_what_is_not_proved_is_rejected(
    name: WebhookProvider, given: WebhookCall | bytes | object, headers: dict[str, str] | None
) -> None:
    with pytest.raises(ForgedError):
        call(name, given, headers)


def test_a_webhook_without_a_key_lets_nobody_in() -> None:
    for name in HOOKS:
        for given in (b"{}", b'{"TopicArn": ""}', b"[]"):
            with pytest.raises(ForgedError):
                read_call(
                    name, WebhookCall(body=given, headers={"authorization": "Basic Og=="}), Webhook(), float(STAMP), lambda url: PEM
                )


def test_a_subscription_of_amazon_is_confirmed() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return PEM

    assert call("ses", sns({}, kind="SubscriptionConfirmation"), fetch=fetch) == []
    assert asked[-1].endswith("ConfirmSubscription")
    with pytest.raises(ForgedError):
        call("ses", sns({}, kind="SubscriptionConfirmation", SubscribeURL="https://169.254.169.254/"), fetch=fetch)


def test_every_provider_of_the_configuration_is_in_the_table() -> None:
    assert set(PROVIDERS) == set(get_args(WebhookProvider))


def test_a_token_of_mailguns_may_vouch_once() -> None:
    token = PROVIDERS["mailgun"].single_use_token
    assert token is not None
    assert token(WebhookCall(body=mailgun({"event": "complained"}), headers={})) == "tok"


def test_what_cannot_be_fetched_is_no_forgery() -> None:
    def fetch(url: str) -> bytes:
        raise FetchError("timed out", thing=url)

    with pytest.raises(FetchError):
        call("ses", sns(ses_bounce()), fetch=fetch)


def ec_certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(SENDGRID_KEY.public_key()).serial_number(1)
    made = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=9)).sign(SENDGRID_KEY, SHA256())
    return made.public_bytes(Encoding.PEM)


@pytest.mark.parametrize("pem", [ec_certificate(), b"", b"<html>Not found</html>"])
def test_a_certificate_of_another_kind_vouches_for_nothing(pem: bytes) -> None:
    with pytest.raises(ForgedError, match="invalid Amazon SNS signature"):
        call("ses", sns(ses_bounce()), fetch=lambda url: pem)


def test_a_key_of_another_kind_vouches_for_nothing() -> None:
    der = SNS_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    given = sendgrid([{"event": "bounce", "email": ADA}])
    for key in (base64.b64encode(der).decode(), "not base64!", ""):
        with pytest.raises(ForgedError):
            read_call("sendgrid", given, Webhook(key=key), float(STAMP), lambda url: PEM)


@pytest.mark.parametrize("signature", ["not base64!", "", "AAAA"])
def test_a_signature_that_is_none_is_rejected(signature: str) -> None:
    with pytest.raises(ForgedError, match="invalid Amazon SNS signature"):
        call("ses", sns(ses_bounce(), Signature=signature))


def sns_text(text: str) -> bytes:
    fields = {
        "Message": text,
        "MessageId": "m-1",
        "Timestamp": "2026-11-24T07:00:00.000Z",
        "TopicArn": TOPIC,
        "Type": "Notification",
    }
    words = "".join(f"{name}\n{value}\n" for name, value in fields.items()).encode()
    seal = base64.b64encode(SNS_KEY.sign(words, padding.PKCS1v15(), SHA256())).decode()
    url = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
    return json.dumps({**fields, "SignatureVersion": "2", "SigningCertURL": url, "Signature": seal}).encode()


@pytest.mark.parametrize("text", ["This is a test message.", "[" * 100_000, "7", ""])
def test_a_message_that_the_operator_sends_to_try_the_topic_reports_nothing(text: str) -> None:
    assert call("ses", sns_text(text)) == []


def test_who_says_that_a_message_is_no_spam_has_not_complained() -> None:
    complaint = {"complainedRecipients": [{"emailAddress": ADA}], "complaintFeedbackType": "not-spam"}
    assert call("ses", sns({"notificationType": "Complaint", "complaint": complaint})) == []
    complaint["complaintFeedbackType"] = "abuse"
    assert call("ses", sns({"notificationType": "Complaint", "complaint": complaint})) == [("complaint", ADA)]


def test_raw_delivery_of_amazons_which_signs_nothing_is_named() -> None:
    with pytest.raises(ForgedError, match="raw message delivery is on"):
        call("ses", sns(ses_bounce()), {"x-amz-sns-rawdelivery": "true"})
