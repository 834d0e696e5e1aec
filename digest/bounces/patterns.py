"""Patterns of mail systems' messages: which senders are systems, and which words mean a bounce, an automatic reply or a delay.

Many systems say this only in text, each in its own words. The lists come from the documented messages of the large systems, in
the languages that they use.
"""

import re
from email.utils import parseaddr


def _any(*patterns: str, flags: re.RegexFlag) -> re.Pattern[str]:
    """Return one pattern that matches if any of several does."""
    return re.compile("|".join(patterns), flags)


_DAEMON = _any(
    r"\b(mailer-?_?daemon|mail-?daemon|mdaemon|post_?master|post@|mail[ ._-]?delivery|mail[ ._-]?administrator|"
    r"internet mail|delivery[ ._-]?(?:sub)?system|mailadmin|mail\.?system|system[ ._-]?administrator|"
    r"smtp[ ._-]?gateway|uucp|bounces?-?(?:handler|noreply)|maildelivery|microsoftexchange|no-?reply.{0,12}mail|"
    r"mail-?(?:router|gateway|server|agent)|listserv|mms-?gateway|admin@|notification)",
    flags=re.IGNORECASE,
)
_LOCAL = re.compile(r"(?i)(?:mailer-?_?daemon|mail-?daemon|mdaemon|post_?master|bounces?|mail-?delivery|devnull|null)\b")
_SUBJECT = _any(
    r"undeliver|not.{0,12}deliver|could ?n.t.{0,20}deliver",
    r"deliver\w*.{0,25}(?:fail|problem|error|notif|status|report)",
    r"return(?:ed|ing)[ -].{0,12}(?:mail|e-?mail|message|to sender)",
    r"mail.{0,20}(?:fail|error|returned|rejected|status)|failure.{0,8}(?:notice|delivery)",
    r"failed.{0,12}(?:mail|delivery|message|recipient)|rejected|bounce|nondeliver|non.deliver|unzustellbar",
    r"nicht zugestellt|échec|non remis|no entregado|devuelto|mancata consegna|onbestelbaar|olevererad|Недоставлен",
    r"не.{0,4}доставлен|niedostarcz|usuario desconocido|user unknown|unknown (?:user|recipient|address)",
    r"address (?:not|unknown)|NDN:|warning: could not send|quota|mailbox.{0,12}full|退信|送信できません|配信不能",
    flags=re.IGNORECASE,
)
_AUTO_REPLY = _any(
    r"out.of.(?:the.)?office|auto(?:mat\w*)?[ -]?(?:reply|response|respond\w*|antwort)|vacation|away from",
    r"on (?:leave|holiday|annual)|abwesen|automatische antwort|réponse automatique|absence du bureau|absent",
    r"fuera de (?:la )?oficina|respuesta automática|assente|risposta automatica|afwezig|frånvar|poissa|nieobecno",
    r"отпуск|автоответ|自動応答|不在|自动回复",
    flags=re.IGNORECASE,
)
_DELAY = _any(
    r"will (?:continue to (?:try|attempt)|be (?:retried|tried)|retry|keep trying|try again)",
    r"still (?:undelivered|trying|being)|no action is required|(?:delivery|message|mail).{0,30}(?:delayed|deferred)",
    r"not yet (?:been )?delivered|has not (?:yet )?been delivered.{0,60}(?:yet|attempts)",
    r"warning.{0,12}message (?:delayed|still)|do not (?:need to )?resend|this is a warning (?:message )?only",
    r"could not send message for (?:past|the past|last)|delivery is delayed|will be returned if",
    r"delivery attempts to it will continue",
    flags=re.IGNORECASE | re.DOTALL,
)
_FAILURE = _any(
    r"could(?: not|n.t) (?:be )?deliver|cannot (?:be )?deliver|can.t be delivered|not (?:be )?delivered|undeliver",
    r"unable to deliver|unable to relay|deliver\w* (?:\S+ ){0,6}fail",
    r"fail\w* (?:\S+ ){0,5}(?:deliver|recipient|address)",
    r"(?:no such|unknown|invalid|not a (?:known|valid)|nonexistent|bad) (?:user|recipient|mailbox|address|account|"
    r"person|domain|alias)",
    r"(?:user|recipient|mailbox|address|account) (?:\S+ ){0,4}(?:unknown|not (?:found|exist|known|listed|valid|"
    r"allowed|recogni)|does ?n.t exist|does not exist|unavailable|disabled|suspended|inactive|rejected|is full|"
    r"invalid|over quota)",
    r"did not reach|was not delivered|not reach the following|permanent (?:fatal )?error|fatal errors",
    r"returned to (?:you|sender)|giv(?:en|ing) up|(?:exceed|over)\w* (?:\S+ ){0,4}quota|quota exceeded",
    r"mailbox (?:\S+ ){0,3}full|rejected|blocked|refused|bounced|can.t accept|(?:5\d\d)[ -]5\.\d|\b55\d[ -]",
    r"not listed in|relay(?:ing)? denied|host (?:unknown|not found)|nicht zugestellt|unbekannt|konnte nicht",
    r"n'a pas pu|inconnu|no pudo|desconocid|impossibile|sconosciut|niet (?:worden )?(?:bezorgd|afgeleverd)",
    r"kunde inte|nie (?:mo[żz]na|zosta)|не (?:может|удалось|доставлен)",
    r"nav iespējams|无法|失败|不存在|配信できません|見つかりません",
    flags=re.IGNORECASE,
)


def names_a_system(sender: str) -> bool:
    """Return whether a From header names a mail system, in its display name or its address."""
    return bool(_DAEMON.search(sender))


def has_system_address(sender: str) -> bool:
    """Return whether the address in a From header is empty or a mail system's, whatever the display name is."""
    address = parseaddr(sender)[1].partition("@")[0]
    return not sender.strip("<> ") or bool(_LOCAL.match(address))


def is_bounce_subject(subject: str) -> bool:
    """Return whether a Subject says that a message was not delivered."""
    return bool(_SUBJECT.search(subject))


def is_auto_reply(subject: str) -> bool:
    """Return whether a Subject is that of an automatic reply."""
    return bool(_AUTO_REPLY.search(subject))


def is_delay_notice(text: str) -> bool:
    """Return whether a notice says that the message is delayed rather than lost."""
    return bool(_DELAY.search(text))


def reports_failure(text: str) -> bool:
    """Return whether a text says that a message was not delivered."""
    return bool(_FAILURE.search(text))
