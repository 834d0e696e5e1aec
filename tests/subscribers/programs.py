"""Subscriber files as programs write them: their headers, quoting, encodings and words; the people are invented.

Each has the same five subscribers where its form allows: Ada (active), Bo (left), Zoë (active, with a comma in her name), Cy
(bounced or complained, where the program knows that) and Di (not confirmed).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ADA, BO, ZOE, CY, DI = (f"{name}@readers.example" for name in ("ada", "bo", "zoe", "cy", "di"))
LEFT = {BO: "unsubscribed"}


@dataclass(frozen=True)
class Written:
    """One program's file: its text, how it is encoded, and the status of each address in it."""

    text: str
    statuses: Mapping[str, str]
    encoding: str = "utf-8"
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> bytes:
        return self.text.encode(self.encoding)


def crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


PLAIN = f'email,name,status\n{ADA},Ada Holm,active\n{BO},Bo,unsubscribed\n{ZOE},"Oram, Zoë",active\n'
PLAIN_IS = {ADA: "active", BO: "unsubscribed", ZOE: "active"}
MAILCHIMP = "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,{when},LEID,EUID,NOTES,TAGS\n"
GHOST = "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers"

PROGRAMS: Mapping[str, Written] = {
    "excel-utf8": Written(crlf(PLAIN), PLAIN_IS, "utf-8-sig", {ZOE: "Oram, Zoë"}),
    "excel-1252": Written(crlf(PLAIN), PLAIN_IS, "cp1252", {ZOE: "Oram, Zoë"}),
    "excel-european": Written(
        crlf(PLAIN.replace(",", ";").replace("Oram;", "Oram,").replace('"', "")), PLAIN_IS, "cp1252", {ZOE: "Oram, Zoë"}
    ),
    "excel-european-utf8": Written(crlf(PLAIN.replace(",", ";").replace("Oram;", "Oram,").replace('"', "")), PLAIN_IS, "utf-8-sig"),
    "excel-unicode-text": Written(
        crlf(PLAIN.replace(",", "\t").replace("Oram\t", "Oram,")), PLAIN_IS, "utf-16", {ZOE: "Oram, Zoë"}
    ),
    "excel-sep-line": Written(crlf("sep=;\n" + PLAIN.replace(",", ";").replace("Oram;", "Oram,")), PLAIN_IS, "utf-8-sig"),
    "excel-trailing-commas": Written(crlf(PLAIN.replace("\n", ",,,\n") + ",,,,,\n,,,,,\n"), PLAIN_IS, "utf-8-sig"),
    "excel-old-mac": Written(PLAIN.replace("\n", "\r"), PLAIN_IS),
    "libreoffice": Written(PLAIN, PLAIN_IS, "utf-8", {ZOE: "Oram, Zoë"}),
    "libreoffice-all-quoted": Written(
        f'"email";"name";"status"\n"{ADA}";"Ada Holm";"active"\n"{BO}";"Bo";"unsubscribed"\n"{ZOE}";"Oram, Zoë";"active"\n',
        PLAIN_IS,
    ),
    "libreoffice-utf16": Written(PLAIN, PLAIN_IS, "utf-16-le"),
    "numbers": Written(crlf(PLAIN.replace("email,name,status", "Email,Name,Status")), PLAIN_IS),
    "google-sheets": Written(crlf(PLAIN).removesuffix("\r\n"), PLAIN_IS),
    "by-hand": Written(
        f"\n  E-Mail , Name, Status \n\n  {ADA.upper()} ,Ada Holm, Active\n{BO} , Bo ,UNSUBSCRIBED\n\n{ZOE}., Zoë,\n", PLAIN_IS
    ),
    "mailchimp-subscribed": Written(
        MAILCHIMP.format(when="LAST_CHANGED")
        + f'{ADA},Ada,Holm,2,"2018-02-12 10:54:27",192.0.2.1,"2018-02-12 10:55:01",192.0.2.1,51.5,-0.1,0,1,Europe/London,gb,ENG,'
        + '"2018-02-12 10:55:01",1,abc,,"""VIP"",""Town"""\n'
        + f"{ZOE},Zoë,Oram,2,2018-02-12 10:54:27,,2018-02-12 10:55:01,,,,,,,,,2018-02-12 10:55:01,2,abd,,\n",
        {ADA: "active", ZOE: "active"},
        names={ADA: "Ada Holm", ZOE: "Zoë Oram"},
    ),
    "mailchimp-unsubscribed": Written(
        MAILCHIMP.format(when="UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER")
        + f"{BO},Bo,Castell,2,2018-02-12 10:54:27,,2018-02-12 10:55:01,,,,,,,,,2019-03-01 08:00:00,The week,77,NORMAL,,3,abe,,\n",
        LEFT,
    ),
    "mailchimp-cleaned": Written(
        MAILCHIMP.format(when="CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID")
        + f"{CY},Cy,,2,2018-02-12 10:54:27,,2018-02-12 10:55:01,,,,,,,,,2019-03-01 08:00:00,The week,77,4,abf,,\n",
        {CY: "bounced"},
    ),
    "substack-old": Written(
        "email,active_subscription,expiry,email_disabled,created_at\n"
        f"{ADA},false,,false,2021-05-05T10:00:00.000Z\n{ZOE},true,2030-01-01T00:00:00.000Z,,2021-05-05T10:00:00.000Z\n"
        f"{BO},false,,true,2021-05-05T10:00:00.000Z\n",
        {ADA: "active", ZOE: "active", BO: "unsubscribed"},
    ),
    "substack-new": Written(
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
        f"{ADA},false,,other,false,2023-05-05T10:00:00.000Z,\n{BO},true,2030-01-01T00:00:00.000Z,yearly,true,2023-05-05T10:00:00.000Z,\n",
        {ADA: "active", BO: "unsubscribed"},
    ),
    "ghost": Written(
        crlf(
            f"{GHOST}\n6a1,{ADA},Ada Holm,,true,,,2023-05-05T10:00:00.000Z,,town,\n"
            f'6a2,{BO},Bo,"likes ""boats""",false,,cus_1,2023-05-05T10:00:00.000Z,,"a,b",Gold\n6a3,{ZOE},"Oram, Zoë",,true,true,,2023-05-05T10:00:00.000Z,,,'
        ),
        {ADA: "active", BO: "unsubscribed", ZOE: "active"},
        names={ZOE: "Oram, Zoë"},
    ),
    "ghost-older": Written(
        f"{GHOST.removesuffix(',labels,tiers')}\n6a1,{ADA},,,TRUE,,,2023-05-05T10:00:00.000Z,\n", {ADA: "active"}
    ),
    "buttondown": Written(
        "email_address,notes,metadata,tags,subscriber_type,creation_date\n"
        f'{ADA},,"{{""city"": ""Hull""}}",town,regular,2023-05-05T10:00:00Z\n{BO},,,,unsubscribed,2023-05-05T10:00:00Z\n'
        f"{DI},,,,unactivated,2023-05-05T10:00:00Z\n{CY},,,,undeliverable,2023-05-05T10:00:00Z\n{ZOE},,,,premium,2023-05-05T10:00:00Z\n",
        {ADA: "active", BO: "unsubscribed", DI: "pending", CY: "bounced", ZOE: "active"},
    ),
    "listmonk": Written(
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        f'7d1,{ADA},Ada Holm,"{{""city"": ""Hull""}}",enabled,2024-01-15 10:00:00.123456 +0000 UTC,2024-01-15 10:00:00 +0000 UTC\n'
        f"7d2,{BO},Bo,{{}},blocklisted,2024-01-15 10:00:00 +0530 IST,2024-01-15 10:00:00 +0000 +0000\n7d3,{DI},Di,{{}},disabled,,\n",
        {ADA: "active", BO: "unsubscribed", DI: "paused"},
    ),
    "mailpoet": Written(
        '"Email","First name","Last name","Subscription time","List status","Global status","List"\n'
        f'"{ADA}","Ada","Holm","2023-01-01 10:00:00","subscribed","subscribed","Daily"\n'
        f'"{BO}","Bo","","2023-01-01 10:00:00","unsubscribed","subscribed","Daily"\n'
        f'"{CY}","Cy","","2023-01-01 10:00:00","subscribed","bounced","Daily"\n'
        f'"{DI}","Di","","2023-01-01 10:00:00","unconfirmed","unconfirmed","Daily"\n'
        f'"{ADA}","Ada","Holm","2023-01-01 10:00:00","subscribed","subscribed","Weekend"\n',
        {ADA: "active", BO: "unsubscribed", CY: "bounced", DI: "pending"},
        "utf-8-sig",
        {ADA: "Ada Holm"},
    ),
    "beehiiv": Written(
        "email,First Name,Last Name,status,tier,created_at,stripe_customer_id,Free Tier,Premium Tier,unsubscribed_at\n"
        f"{ADA}, Ada , Holm ,active,free,2023-03-24 10:36:47 UTC,,true,false,\n{DI},,,pending,free,2023-03-24 10:36:47 UTC,,true,false,\n"
        f"{BO},,,active,free,2023-03-24 10:36:47 UTC,,true,false,2024-01-01 00:00:00 UTC\n",
        {ADA: "active", DI: "pending", BO: "unsubscribed"},
        names={ADA: "Ada Holm"},
    ),
    "kit": Written(
        f"first_name,email,created_at,status\nAda,{ADA},2023-03-24 10:36:47 UTC,confirmed\nBo,{BO},2023-03-24 10:36:47 UTC,cancelled\n"
        f"Cy,{CY},2023-03-24 10:36:47 UTC,complained\n",
        {ADA: "active", BO: "unsubscribed", CY: "complained"},
        names={ADA: "Ada"},
    ),
    "mailerlite": Written(
        f"Subscriber,Name,Last name,Status\n{ADA},Ada,Holm,active\n{CY},Cy,,junk\n", {ADA: "active", CY: "complained"}
    ),
    "brevo": Written(
        f"EMAIL;LASTNAME;FIRSTNAME;SMS;EMAIL_BLACKLISTED;SMS_BLACKLISTED;ADDED_TIME;MODIFIED_TIME\n{ADA};Holm;Ada;;No;No;12-04-2022 09:30;\n"
        f"{BO};Castell;Bo;;Yes;No;12-04-2022 09:30;\n",
        {ADA: "active", BO: "unsubscribed"},
        names={ADA: "Ada Holm"},
    ),
    "sendy": Written(
        f'"Name","Email","Joined","Status","GDPR"\n"Ada Holm","{ADA}","2024/01/15, 10:00AM","Active","Yes"\n'
        f'"Cy","{CY}","2024/01/15, 10:00AM","Marked as spam","No"\n',
        {ADA: "active", CY: "complained"},
    ),
    "phplist": Written(
        "id\tEmail\tIs this subscriber confirmed\tIs this subscriber blacklisted\tNumber of bounces\tEntered\tList Membership\n"
        f"1\t{ADA}\t1\t0\t0\t2020-01-01 10:00:00\tNews; \n2\t{BO}\t1\t1\t0\t2020-01-01 10:00:00\tNews; \n3\t{DI}\t0\t0\t0\t2020-01-01 10:00:00\tNo Lists\n",
        {ADA: "active", BO: "unsubscribed", DI: "pending"},
    ),
    "constant-contact": Written(
        "Email address,First name,Last name,Email status,Email permission status,Confirmed Opt-Out Date,Tags,Created At\n"
        f"{ADA},Ada,Holm,Confirmed,Express,,,2021-01-01\n{BO},Bo,,Opt-out,,2022-02-02 10:00:00,,2021-01-01\n",
        {ADA: "active", BO: "unsubscribed"},
    ),
    "campaign-monitor": Written(
        f"Email Address,Name,Status,Date\n{ADA},Ada Holm,Active,2021-01-01\n{DI},Di,Unconfirmed,2021-01-01\n{CY},Cy,Bounced,2021-01-01\n",
        {ADA: "active", DI: "pending", CY: "bounced"},
    ),
    "google-contacts": Written(
        f"First Name,Middle Name,Last Name,Labels,E-mail 1 - Label,E-mail 1 - Value\nAda,,Holm,* myContacts,* Home,{ADA}\nNobody,,,,,\n",
        {ADA: "active"},
        names={ADA: "Ada Holm"},
    ),
    "outlook": Written(
        crlf(
            f'Title,First Name,Middle Name,Last Name,Suffix,E-mail Address,E-mail Type,Notes\n,Zoë,,Oram,,{ZOE},SMTP,"two\nlines"\n'
        ),
        {ZOE: "active"},
        "cp1252",
        {ZOE: "Zoë Oram"},
    ),
    "idn": Written(
        "email,name\nzoe@bücher.example,Zoë\nzoe@xn--bcher-kva.example,Twice\nzoë@readers.example,Eai\n",
        {"zoe@xn--bcher-kva.example": "active", "zoë@readers.example": "active"},
    ),
}
BARE: Mapping[str, Written] = {
    "postorius": Written(crlf(f"{ADA}\n{ZOE}\n"), {ADA: "active", ZOE: "active"}),
    "sendy-old": Written(f"Ada Holm,{ADA}\nZoë,{ZOE}\n", {ADA: "active", ZOE: "active"}, names={ADA: "Ada Holm", ZOE: "Zoë"}),
    "mailman-cli": Written(f"Ada Holm <{ADA}>\n{ZOE}\n", {ADA: "active", ZOE: "active"}, names={ADA: "Ada Holm"}),
}
