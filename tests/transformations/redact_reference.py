"""The rules of `redact@1` once more, in plain Python with regular expressions, the standard library and no kernel."""

import calendar
import ipaddress
import re
from collections import Counter

LEFT = r"(?<![A-Za-z0-9_])(?<![0-9][.-])"
RIGHT = r"(?![A-Za-z0-9_])(?![.-][0-9])"
ORDER = ("email", "ipv6", "cn_resident_id", "payment_card", "cn_mobile", "ipv4")

LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?![A-Za-z0-9])"
HOST = re.compile(rf"{LABEL}(?:\.{LABEL})*")
TOP_LEVEL = re.compile(r"[A-Za-z]{2,24}|(?i:[x]n)--[A-Za-z0-9-]+")

OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = re.compile(
    rf"(?<![A-Za-z0-9_])(?<![A-Za-z0-9_]\.)(?<![A-Za-z_]-)(?!0\.|127\.|255\.){OCTET}(?:\.{OCTET}){{3}}"
    r"(?![A-Za-z0-9_]|\.[A-Za-z0-9_]|-[A-Za-z_])"
)
IPV6 = re.compile(
    rf"(?<![A-Za-z0-9_:.])[0-9A-Fa-f]{{4}}(?=:)(?:::?[0-9A-Fa-f]{{1,4}}(?![0-9A-Fa-f]))*?(?::(?!:){OCTET}(?:\.{OCTET}){{3}}|::{OCTET}(?:\.{OCTET}){{3}}"
    rf"|::?[0-9A-Fa-f]{{1,4}}(?![0-9A-Fa-f])(?!:[0-9A-Fa-f])|::(?![0-9A-Fa-f])){RIGHT}(?!::)"
)
NETWORKS = [ipaddress.ip_network(name) for name in ("2000::/3", "fc00::/7", "fe80::/10")]

SUBSCRIBER = rf"1[3-9](?:[0-9]{{9}}|[0-9](?P<s>[ -])[0-9]{{4}}(?P=s)[0-9]{{4}}){RIGHT}"
MOBILE = re.compile(
    rf"{LEFT}(?:(?:\+86|(?:00)?86)[ -]?{SUBSCRIBER}|(?<!\+){SUBSCRIBER.replace('s>', 't>').replace('=s', '=t')})"
)
RESIDENT = re.compile(rf"{LEFT}[0-9]{{17}}[0-9Xx]{RIGHT}")
PROVINCES = (
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
)
CARDS = [
    re.compile(LEFT + form + RIGHT)
    for form in (
        r"[0-9]{13,19}",
        r"(?:[0-9]{4}-){4}[0-9]{1,3}",
        r"(?:[0-9]{4}-){3}[0-9]{1,4}",
        r"[0-9]{4}-[0-9]{6}-[0-9]{4,5}",
        r"[0-9]{6}-[0-9]{13}",
        r"(?:[0-9]{4} ){4}[0-9]{1,3}(?! [0-9]{4}(?![0-9]))",
        r"(?:[0-9]{4} ){3}[0-9]{1,4}(?! [0-9]{4}(?![0-9]))",
        r"[0-9]{4} [0-9]{6} [0-9]{4,5}(?! [0-9]{4}(?![0-9]))",
        r"[0-9]{6} [0-9]{13}(?! [0-9]{4}(?![0-9]))",
    )
]
ISSUERS = [
    (r"4", (13, 16, 19)),
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|220[0-4]", (16,)),
    (r"3[47]|1800|2131", (15,)),
    (r"30[0-5]|3095|36|38|39", range(14, 20)),
    (r"62|352[89]|35[3-8]|6011|64[4-9]|65", range(16, 20)),
    (r"5018|5020|5038|5893|6304|6759|6761|6762|6763", range(13, 20)),
]


def email(text: str, at: int) -> int | None:
    end = text.find("@", at)
    if end < 0:
        return None
    run = re.search(r"[A-Za-z0-9._%+-]*\Z", text[:end])[0]
    local = run.split("..")[-1].lstrip(".%+-") if not run.endswith("..") else ""
    if not 1 <= len(local) <= 64 or local.endswith(".") or end - len(local) != at:
        return None
    host = ""
    for label in text[end + 1 :].split("."):
        match = re.match(LABEL, label)
        if not match or len(match[0]) > 63:
            break
        host += ("." if host else "") + match[0]
        if match[0] != label:
            break
    labels = host.split(".")
    while len(labels) > 1 and not TOP_LEVEL.fullmatch(labels[-1]):
        labels.pop()
    return end + 1 + len(".".join(labels)) if len(labels) > 1 else None


def ipv6(text: str, at: int) -> int | None:
    match = IPV6.match(text, at)
    if not match or len(re.findall("[0-9A-Fa-f]+", match[0])) < 2:
        return None
    try:
        address = ipaddress.IPv6Address(match[0])
    except ValueError:
        return None
    known = "::" not in match[0] or any(address in network for network in NETWORKS)
    return match.end() if known else None


def cn_resident_id(text: str, at: int) -> int | None:
    match = RESIDENT.match(text, at)
    if not match or match[0][:2] not in PROVINCES.split():
        return None
    year, month, day = int(match[0][6:10]), int(match[0][10:12]), int(match[0][12:14])
    if not (1900 <= year <= 2099 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return None
    # ISO 7064: the weighted sum with the check character itself is 1 modulo 11
    values = [10 if c in "Xx" else int(c) for c in match[0]]
    total = sum(value * pow(2, 17 - i, 11) for i, value in enumerate(values))
    return match.end() if total % 11 == 1 else None


def is_card(digits: str) -> bool:
    if not any(re.match(prefix, digits) and len(digits) in sizes for prefix, sizes in ISSUERS):
        return False
    doubled = "".join(str(int(c) * (1 + i % 2)) for i, c in enumerate(reversed(digits)))
    return sum(map(int, doubled)) % 10 == 0


def payment_card(text: str, at: int) -> int | None:
    for form in CARDS:
        match = form.match(text, at)
        if match and is_card(re.sub("[ -]", "", match[0])):
            if " " in match[0] and re.search(r"(?<![0-9])[0-9]{4} \Z", text[:at]):
                return None
            return match.end()
    return None


def cn_mobile(text: str, at: int) -> int | None:
    match = MOBILE.match(text, at)
    if not match:
        return None
    if " " in match[0][-10:]:
        if re.match(" [0-9]", text[match.end() :]):
            return None
        if match["t"] and re.search(r"[0-9] \Z", text[:at]):
            return None
    return match.end()


def ipv4(text: str, at: int) -> int | None:
    match = IPV4.match(text, at)
    return match.end() if match else None


def redacted(text: str) -> tuple[str, Counter[str]]:
    counts: Counter[str] = Counter()
    while True:
        out, at = "", 0
        while at < len(text):
            for kind in ORDER:
                end = globals()[kind](text, at)
                if end is not None:
                    counts[kind] += 1
                    out, at = out + f"<{kind.upper()}>", end
                    break
            else:
                out, at = out + text[at], at + 1
        if out == text:
            return out, counts
        text = out
