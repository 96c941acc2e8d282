"""robots.txt (RFC 9309): may our agent fetch this, and are agents that address AI kept out.

Access is not permission: an `Allow` answers "y" for `crawl` only, never for a use. A refusal of an agent refuses what that
agent fetches for, whoever asks: a site that names GPTBot or CCBot has said that it does not want to be trained on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Final

from protego import Protego

from lineage_platform.policy.signals import agents, paths
from lineage_platform.policy.signals.forms import as_text
from lineage_platform.policy.signals.model import Answer, Category, Scheme, Signal

SCHEME: Final = Scheme("robots.txt", "RFC 9309")
OWN_AGENT: Final = "lineage-platform"
"""The product token under which we fetch, unless a caller names its own."""
MAX_BYTES: Final = 1 << 20
"""Bytes that are read (RFC 9309, 2.5, asks for 500 KiB); rules behind them are not known, so nothing is then allowed."""
SHORT: Final = 1 << 14
"""Bytes of a file of which many are kept in memory; most are shorter."""
MAX_RULES: Final = 2000
"""Rules for one agent; with more, the answer for that agent is unknown."""
MAX_NAMED: Final = 12
"""Agents that `details` names."""
_USES: Final[tuple[Category, ...]] = ("train-ai", "search", "ai-input")

_SPELLINGS: Final = {
    "useragent": "user-agent",
    "user agent": "user-agent",
    **dict.fromkeys(("disalow", "dissallow", "dissalow", "disallaw", "diasllow"), "disallow"),
}
_RULES: Final = frozenset({"allow", "disallow", "content-usage", "content-signal"})
_FIELDS: Final = _RULES | {"user-agent", "sitemap", "crawl-delay", "host", "license"}


@dataclass(frozen=True)
class Line:
    """A record of the file: number from 1, field in its one spelling, value without comment."""

    number: int
    field: str
    value: bytes

    def __str__(self) -> str:
        return f"line {self.number}: {self.field}: {as_text(self.value[:200])}"


@dataclass(frozen=True, eq=False)
class Group:
    """The rules for one agent, merged from all groups that name it."""

    lines: tuple[Line, ...]

    @cached_property
    def access(self) -> tuple[tuple[Line, str], ...]:
        """Its `Allow` and `Disallow` rules with their patterns, one more than the bound at most; an empty value is none."""
        rules = (line for line in self.lines if line.field in ("allow", "disallow") and line.value)
        return tuple((line, paths.encoded(line.value)) for line in islice(rules, MAX_RULES + 1))

    @cached_property
    def _rules(self) -> Protego:
        return paths.rules((line.field, pattern) for line, pattern in self.access)

    def decide(self, where: str) -> tuple[Answer, Line | None]:
        """Whether the target may be fetched, and the rule that decided it (None: no rule matches)."""
        if len(self.access) > MAX_RULES:
            return "unknown", None
        allowed = paths.fetchable(self._rules, where)
        kind = "allow" if allowed else "disallow"
        candidates = ((line, pattern) for line, pattern in self._longest_first if line.field == kind)
        return "y" if allowed else "n", next(
            (line for line, pattern in candidates if paths.matches(pattern, where)), None
        )

    @cached_property
    def _longest_first(self) -> list[tuple[Line, str]]:
        return sorted(self.access, key=lambda rule: (-len(rule[1]), rule[0].number))


class Robots:
    """A parsed file. `orphans` are rules before any `User-agent`, `licences` are `License` lines, which are the site's."""

    def __init__(self, raw: bytes) -> None:
        self.truncated = len(raw) > MAX_BYTES
        self.lines = tuple(_lines(raw[:MAX_BYTES].rpartition(b"\n")[0] if self.truncated else raw))
        self.understood = not raw.strip() or any(line.field in _FIELDS for line in self.lines)
        self.licences = tuple(line for line in self.lines if line.field == "license")
        self.orphans: list[Line] = []
        self._blocks: list[list[Line]] = []
        self._named: dict[str, list[int]] = {}
        self._groups: dict[tuple[int, ...], Group] = {}
        self._matched: dict[str, str | None] = {}
        self._of_agents: dict[str, Group] = {}
        self._collect()

    def _collect(self) -> None:
        """RFC 9309, 2.2.1: consecutive `User-agent` lines share the rules that follow; other records do not interfere."""
        open_for_agents = False
        for line in self.lines:
            if line.field == "user-agent":
                if not open_for_agents:
                    self._blocks.append([])
                open_for_agents = True
                blocks = self._named.setdefault(agents.token(as_text(line.value)), [])
                if not blocks or blocks[-1] != len(self._blocks) - 1:
                    blocks.append(len(self._blocks) - 1)
            elif line.field in _RULES:
                open_for_agents = False
                (self._blocks[-1] if self._blocks else self.orphans).append(line)

    def matched(self, agent: str) -> str | None:
        """The token whose groups hold for an agent: its own, else `*`, else none."""
        if agent not in self._matched:
            names = (agents.token(agent), "*")
            self._matched[agent] = next((name for name in names if name in self._named), None)
        return self._matched[agent]

    def group(self, agent: str) -> Group:
        """The rules for an agent; none if no group is for it."""
        found = self._of_agents.get(agent)
        if found is None:
            blocks = tuple(self._named.get(self.matched(agent) or "", ()))
            if blocks not in self._groups:
                self._groups[blocks] = Group(tuple(line for block in blocks for line in self._blocks[block]))
            found = self._of_agents[agent] = self._groups[blocks]
        return found


def _lines(raw: bytes) -> Iterator[Line]:
    """Records as `field: value`; `User-agent` and `Disallow` are also read without their colon, as crawlers do."""
    text = raw.removeprefix(b"\xef\xbb\xbf")
    for number, line in enumerate(re.split(rb"\r\n|\r|\n", text), start=1):
        record = line.partition(b"#")[0].strip()
        name, colon, value = record.partition(b":")
        if not colon:
            name, _, value = record.partition(b" ")
        field = " ".join(as_text(name[:40]).split()).casefold()
        field = _SPELLINGS.get(field, field)
        if colon or field in ("user-agent", "disallow"):
            yield Line(number, field, value.strip())


def parse(raw: bytes) -> Robots:
    """The file, parsed once for all documents of its site."""
    return _parse_short(raw) if len(raw) <= SHORT else _parse(raw)


@lru_cache(maxsize=1024)
def _parse_short(raw: bytes) -> Robots:
    return Robots(raw)


@lru_cache(maxsize=32)
def _parse(raw: bytes) -> Robots:
    return Robots(raw)


def usage_lines(robots: Robots, field: str, agent: str) -> Iterator[tuple[list[Line], bool]]:
    """The lines of a usage field (`content-usage`, `content-signal`) that concern us, and whether they address our agent.

    Those that address agents that train, or nobody (before any `User-agent`), are statements to others.
    """
    own = [line for line in robots.group(agent).lines if line.field == field]
    yield own, True
    seen = set(own)
    trainers = [name for name, known in agents.known().items() if known.refuses == "train-ai"]
    named = (robots.group(name).lines for name in trainers if robots.matched(name) == name)
    for lines in (*named, tuple(robots.orphans)):
        others = [line for line in lines if line.field == field and line not in seen]
        seen.update(others)
        if others:
            yield others, False


def selected(lines: list[Line], where: str | None) -> list[tuple[Line, bytes]]:
    """The lines whose path matches best, each with its value without path (AIPREF attachment, "Content-Usage Rule
    Semantics": the longest path; lines as long apply side by side, each value once). Without a URL, those for the whole site."""
    matching: list[tuple[int, Line, bytes]] = []
    for line in lines:
        path, value = (
            (*line.value.split(None, 1), b"")[:2] if line.value.startswith(b"/") else (b"", line.value)
        )
        pattern = paths.encoded(path)
        if not pattern or (paths.matches(pattern, where) if where is not None else pattern == "/"):
            matching.append((len(pattern), line, value))
    longest = max((length for length, _, _ in matching), default=0)
    best = {value: line for length, line, value in reversed(matching) if length == longest}
    return [(line, value) for value, line in reversed(best.items())]


def read(
    raw: bytes, url: str | None, observed_at: str, *, agent: str = OWN_AGENT, status: int | None = None
) -> list[Signal]:
    """The signal of a robots.txt for one URL, for our agent and for the agents that address AI.

    `status` is that of the HTTP answer (None: not recorded, the file is there). RFC 9309, 2.3.1: 4xx means that there are no
    rules, so anything may be fetched; 5xx, a redirect that was not followed and any other status leave the rules unknown,
    which a crawler must take as a full disallow and we as "unknown": it says nothing of what the site wants.
    """
    code = {} if status is None else {"status": str(status)}
    if status is not None and not 200 <= status < 300:
        crawl: Answer = "y" if 400 <= status < 500 else "unknown"
        return [SCHEME.signal("robots.txt", raw, observed_at, _parsed(crawl, set()), details=code)]
    robots = parse(raw)
    if not robots.understood:
        details = {**code, "problem": "no line of it is a record of robots.txt"}
        return [SCHEME.signal("robots.txt", raw, observed_at, _parsed("unknown", set()), details=details)]
    where = paths.target(url)
    groups = {robots.group(name) for name in (agent, *agents.known())}
    decisions = {group: group.decide(where or "/") for group in groups}
    crawl, rule = decisions[robots.group(agent)]
    details = {**code, "agent": agent, "group": robots.matched(agent) or "none", "rule": str(rule or "none")}
    refused: set[Category] = set(_USES) if crawl == "n" else set()
    denied: list[str] = []
    for known in agents.known().values():
        answer, line = decisions[robots.group(known.name)]
        if answer == "n":
            refused.add(known.refuses)
            denied.append(f"{known.name} ({line})")
    if denied:
        more = f"; and {len(denied) - MAX_NAMED} more" if len(denied) > MAX_NAMED else ""
        details["refused agents"] = "; ".join(denied[:MAX_NAMED]) + more
    if robots.truncated:
        details["problem"] = f"only the first {MAX_BYTES} bytes were read"
    if crawl == "y" and (robots.truncated or where is None):
        crawl = "unknown"
    return [SCHEME.signal("robots.txt", raw, observed_at, _parsed(crawl, refused), details=details)]


def _parsed(crawl: Answer, refused: set[Category]) -> dict[Category, Answer]:
    return {"crawl": crawl, **{use: "n" if use in refused else "unknown" for use in _USES}}
