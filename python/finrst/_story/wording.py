"""The sentences of findings, made of their facts in this one place."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from finrst._base.services import port_name
from finrst._base.text import duration, number, plural, printable
from finrst._tables.reference import causes, finding_kinds

if TYPE_CHECKING:
    from collections.abc import Callable

    from finrst._tables.naming import Naming

Facts = dict[str, Any]

_NAMED = 3
_PORTS = 8
# A silence of so many seconds is told to a tenth of one.
_TENTHS = 1000
# Waiting for less than this costs nobody anything.
_WAITED = 0.1
# Kinds whose sentences say whose connections they are.
_OF_CLIENTS = frozenset({"injection", "syn_flood", "scan", "connect_limit", "busiest_host"})


def sentence(facts: Facts, naming: Naming) -> str:
    """Say what happened, to how many, between whom; hosts by their names, too."""
    return _SENTENCES[facts["kind"]](facts | {"naming": naming})


def why(facts: Facts) -> str:
    """Say what tells it: measures where there are some, else the causes."""
    if facts["kind"] == "idle_limit" and "limit" in facts:
        _, low, high = facts["limit"]
        return (
            f"{number(facts['count'])} silences of {low:.3f} to {high:.3f} s before the first FIN "
            "or RST, and few others near them."
        )
    if facts["kind"] == "scan":
        return "It says nothing where it is answered, and hardly asks a target twice."
    told = [f"{name} ({number(count)})" for name, count in facts["causes"][1]]
    more = facts["causes"][0] - len(told)
    told += [f"{number(more)} others"] if more else []
    return f"Causes: {', '.join(told)}."


def clients(facts: Facts, naming: Naming) -> str:
    """Name the clients where they are few, else count them; nothing where the sentence does."""
    if facts["kind"] in _OF_CLIENTS:
        return ""
    named = _hosts(facts | {"naming": naming}, "clients")
    distinct = facts["clients"][0]
    if distinct > _NAMED:
        return named
    return f"client {named}" if distinct == 1 else f"clients {named}"


def cost(facts: Facts) -> str:
    """Say what was lost or waited for."""
    if facts["severity"] in {"harmless", "uncertain"} or facts["kind"] == "scan":
        return ""
    parts = []
    if facts["lost"]:
        parts.append(f"{plural(facts['lost'], 'byte')} thrown away")
    failed = facts["count"] - facts["opened"]
    if failed and (facts["waited"] or 0) >= _WAITED:
        waited = duration(facts["waited"])
        parts.append(
            f"the attempt took {waited}"
            if failed == 1
            else f"half of {number(failed)} attempts took {waited} or longer"
        )
    return "; ".join(parts)


def following(facts: Facts) -> str:
    """Say what to do next."""
    if facts["kind"] == "same_cause":
        return str(_causes()[facts["causes"][1][0][0]]["next"])
    return str(_kinds()[facts["kind"]]["next"])


@cache
def _causes() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in causes()}


@cache
def _kinds() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in finding_kinds()}


def seconds(value: float) -> str:
    """Write a limit so that it is known again in a configuration: to a tenth of a second.

    >>> seconds(59.999), seconds(7200.4)
    ('60.0 s', '2 h')
    """
    return f"{value:.1f} s" if value < _TENTHS else duration(value)


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _hosts(facts: Facts, which: str) -> str:
    """Name hosts where they are few, else count them."""
    distinct, most = facts[which]
    if distinct <= _NAMED:
        return _listed([printable(facts["naming"].host(host)) for host, _ in most])
    return plural(distinct, which.removesuffix("s"))


def _services(facts: Facts) -> str:
    """Name services where they are few, else count them, by their port where it is one."""
    distinct, most = facts["services"]
    if distinct <= _NAMED:
        return _listed([printable(facts["naming"].service(*at)) for at, _ in most])
    ports = facts["ports"][0]
    if ports == 1:
        return f"{plural(facts['servers'][0], 'host')} at {_ports(facts)}"
    if facts["servers"][0] == 1:
        return f"{number(ports)} ports of {_hosts(facts, 'servers')}"
    return plural(distinct, "service")


def _ports(facts: Facts) -> str:
    distinct, most = facts["ports"]
    if distinct == 1:
        return f"port {port_name(most[0][0])}"
    return plural(distinct, "port")


def _count(facts: Facts) -> str:
    return plural(facts["count"], "connection")


_WHO = {
    "client": "the client",
    "server": "the server",
    "both": "both sides at once",
    "third_party": "somebody between",
}


def _by(facts: Facts) -> str:
    """Say who ended them, where somebody did; how many each, where there are several."""
    ended = [(_WHO[side], count) for side, count in facts["ended_by"][1] if side in _WHO]
    if not ended:
        return ""
    if len(ended) == 1 and ended[0][1] == facts["count"]:
        return f" by {ended[0][0]}"
    return " by " + _listed([f"{who} ({number(count)})" for who, count in ended])


def _ended(facts: Facts) -> str:
    by = _by(facts)
    return f", ended{by}" if by else ""


def _injection(facts: Facts) -> str:
    words = {
        "reset_injected": "resets",
        "content_injected": "payload",
        "forged_syn_ack": "handshake answers",
    }
    what = _listed([words[name] for name, _ in facts["causes"][1] if name in words])
    ends = f"{_hosts(facts, 'clients')} and {_services(facts)}"
    return f"Somebody between {ends} forged {what}: {_count(facts)}."


def _filtered_name(facts: Facts) -> str:
    names = _listed([printable(name) for name, _ in facts["names"][1]]) or "this name"
    return f"Connections that ask for {names} are cut at {_services(facts)}: {_count(facts)}."


def _syn_flood(facts: Facts) -> str:
    lasted = duration((facts["until"] - facts["since"]).total_seconds())
    sources = plural(facts["clients"][0], "source")
    if facts["unanswered"] == facts["count"]:
        syns = f"{plural(facts['count'], 'SYN')} of {sources}"
        return f"A SYN flood at {_services(facts)}: {syns} within {lasted}, none answered."
    return (
        f"A SYN flood at {_services(facts)}: {sources} left {_count(facts)} half open within "
        f"{lasted}."
    )


def _scan(facts: Facts) -> str:
    who = _hosts(facts, "clients")
    verb = "scans" if facts["clients"][0] == 1 else "scan"
    hosts = facts["servers"][0]
    where = f"{plural(hosts, 'host')} at {_ports(facts)}"
    if hosts == 1:
        where = f"{_ports(facts)} of {_hosts(facts, 'servers')}"
    answers = [
        (facts["opened"], "opened"),
        (facts["refused"], "refused"),
        (facts["count"] - facts["opened"] - facts["refused"] - facts["unanswered"], "broken off"),
        (facts["unanswered"], "unanswered"),
    ]
    told = ", ".join(f"{number(count)} {word}" for count, word in answers if count)
    return f"{who} {verb} {where}: {plural(facts['count'], 'attempt')}, {told}."


def _overloaded(facts: Facts) -> str:
    if not set(dict(facts["causes"][1])) - {"syn_unanswered", "undetermined"}:
        return (
            f"{_services(facts)} left {plural(facts['count'], 'connection')} unanswered while it "
            "took others: its backlog was full, or the path dropped SYNs."
        )
    return (
        f"The listener at {_services(facts)} has no room: it dropped, reset or turned away "
        f"{_count(facts)} and served others meanwhile."
    )


def _restart(facts: Facts) -> str:
    ended, refused = facts["opened"], facts["count"] - facts["opened"]
    each = "each " if facts["services"][0] > 1 else ""
    said = f"{_services(facts)} ended {plural(ended, 'connection')}, {each}at one moment,"
    said += f" and refused {number(refused)} afterwards" if refused else ""
    return f"{said.rstrip(',')}: a restart, a failover or a drain."


def _connect_limit(facts: Facts) -> str:
    who = _hosts(facts, "clients")
    verb = "gives" if facts["clients"][0] == 1 else "give"
    after = f" after {duration(facts['limit'][0])}" if "limit" in facts else ""
    return f"{who} {verb} up connecting to {_services(facts)}{after}: {_count(facts)}."


def _race(facts: Facts) -> str:
    return (
        f"{plural(facts['count'], 'request')} to {_services(facts)} met the close of an idle "
        "connection and went unanswered."
    )


def _firewall(facts: Facts) -> str:
    turned = "was" if facts["count"] == 1 else "were"
    return (
        f"{_count(facts)} to {_services(facts)} {turned} turned down on the way: by a firewall "
        "or a router, not by the host."
    )


def _refused(facts: Facts) -> str:
    turned = "was" if facts["count"] == 1 else "were"
    names = {name for name, _ in facts["causes"][1]}
    because = {
        ("port_closed",): ": nothing listens there",
        ("intermittent_refusal",): ", though others are accepted",
    }.get(tuple(names), "")
    return f"{_count(facts)} to {_services(facts)} {turned} refused{because}."


def _unanswered(facts: Facts) -> str:
    verb = "was" if facts["count"] == 1 else "were"
    return f"{_count(facts)} to {_services(facts)} {verb} never answered."


def _same_cause(facts: Facts) -> str:
    cause = facts["causes"][1][0][0]
    return f"{_count(facts)} to {_services(facts)}{_ended(facts)}: {_causes()[cause]['summary']}"


def _unexplained(facts: Facts) -> str:
    return f"{_count(facts)} to {_services(facts)}{_ended(facts)}: the capture does not show why."


def _idle_limit(facts: Facts) -> str:
    if "limit" not in facts:
        was = "was" if facts["count"] == 1 else "were"
        low, high = (seconds(silence) for silence in facts["silences"] or (0, 0))
        silent = low if low == high else f"{low} to {high}"
        return (
            f"{_count(facts)} to {_services(facts)} {was} reset after {silent} of silence: a box "
            "or the peer had dropped what was idle."
        )
    who = f"The {facts['closer']} closes"
    if dict(facts["ended_by"][1]).get("third_party", 0) * 2 > facts["count"]:
        who = "A box on the way resets"
    after = seconds(facts["limit"][0])
    return f"{who} after {after} of silence: {_count(facts)} to {_services(facts)}."


def _age_limit(facts: Facts) -> str:
    return (
        f"{_services(facts)} closed {_count(facts)} in use, at one age or after as many requests."
    )


def _health_check(facts: Facts) -> str:
    return f"{_count(facts)} to {_services(facts)} only checked whether the port is open."


def _busiest(facts: Facts) -> str:
    side = "servers" if facts["servers"][0] == 1 else "clients"
    return (
        f"{_hosts(facts, side)} is part of {number(facts['count'])} of "
        f"{plural(facts['of'], 'connection')} that had trouble, and of few others."
    )


def _stray(facts: Facts) -> str:
    return (
        f"Stray segments of {_count(facts)} that the capture does not show: to {_services(facts)}."
    )


def _one_sided(facts: Facts) -> str:
    return f"Only one direction of {_count(facts)} was captured."


def _gaps(facts: Facts) -> str:
    return f"In {_count(facts)} bytes are missing from the capture."


def _begun_before(facts: Facts) -> str:
    return f"{_count(facts)} began before the capture: who is client and who is server is a guess."


def _harmless_reset(facts: Facts) -> str:
    return (
        f"{_count(facts)} ended in a reset{_by(facts)} and lost nothing: all had been "
        f"acknowledged; to {_services(facts)}."
    )


def _still_open(facts: Facts) -> str:
    verb = "was" if facts["count"] == 1 else "were"
    return f"{_count(facts)} {verb} still open, or half closed, when last seen."


def _in_order(facts: Facts) -> str:
    return f"{_count(facts)} closed in order."


def _rest(facts: Facts) -> str:
    return f"{plural(facts['of'], 'more finding')} about {_count(facts)}."


_SENTENCES: dict[str, Callable[[Facts], str]] = {
    "injection": _injection,
    "filtered_name": _filtered_name,
    "syn_flood": _syn_flood,
    "scan": _scan,
    "overloaded_listener": _overloaded,
    "service_restart": _restart,
    "connect_limit": _connect_limit,
    "keepalive_race": _race,
    "firewall": _firewall,
    "refused": _refused,
    "unanswered": _unanswered,
    "same_cause": _same_cause,
    "unexplained": _unexplained,
    "idle_limit": _idle_limit,
    "age_limit": _age_limit,
    "busiest_host": _busiest,
    "stray": _stray,
    "one_sided": _one_sided,
    "capture_gaps": _gaps,
    "begun_before": _begun_before,
    "harmless_reset": _harmless_reset,
    "health_check": _health_check,
    "still_open": _still_open,
    "in_order": _in_order,
    "rest": _rest,
}
