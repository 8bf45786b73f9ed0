"""Bundles, lists and Parameters → the resources in them.

Called by `reader` with the parsed content of a file; nothing in it is trusted to be FHIR.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.fhir.dates import instant
from bot.fhir.entries import Entry, Rejection, Scope
from bot.fhir.identifiers import address, local_key
from bot.fhir.tree import as_dict, as_list, first_text, text

DEEPEST_BUNDLE = 16
CONTAINED_KINDS = {
    "Patient",
    "Organization",
    "HealthcareService",
    "Appointment",
    "ServiceRequest",
    "ReferralRequest",
    "Task",
}
"""Kinds that mean something by themselves when they lie inside another resource."""


def split(content: Any, file: str, label: str = "") -> list[Entry | Rejection]:
    """All resources in parsed JSON, with what they can refer to in the same file."""
    scope = Scope()
    found: list[Entry | Rejection] = []
    waiting: list[tuple[Any, str, datetime | None, str | None, int]] = [
        (content, label, None, None, 0)
    ]
    while waiting:
        node, place, made_at, url, depth = waiting.pop()
        inner = _parts(node, place, made_at, depth)
        if inner is None:
            found.append(_entry_or_rejection(node, file, place, scope, made_at, url, depth))
            continue
        if isinstance(node, dict):
            scope.profiles += " ".join(
                v for v in as_list(as_dict(node.get("meta")).get("profile")) if isinstance(v, str)
            )
        if not inner:
            found.append(Entry(file, place, {"resourceType": "Bundle"}, scope))
        waiting.extend(reversed(inner))
    for entry in found:
        if isinstance(entry, Entry):
            _remember(entry, scope)
    return found


def _parts(
    node: Any, place: str, made_at: datetime | None, depth: int
) -> list[tuple[Any, str, datetime | None, str | None, int]] | None:
    """The entries of a bundle (or list, or Parameters); None for anything else."""
    if depth >= DEEPEST_BUNDLE:
        return None
    if isinstance(node, list):
        return [
            (item, _place(place, "entry", n), made_at, None, depth + 1)
            for n, item in enumerate(node)
        ]
    if not isinstance(node, dict):
        return None
    kind = node.get("resourceType")
    if kind == "Parameters":
        return [
            (part["resource"], _place(place, "parameter", n), made_at, None, depth + 1)
            for n, part in enumerate(as_list(node.get("parameter")))
            if isinstance(part, dict) and isinstance(part.get("resource"), dict)
        ] or None
    if kind != "Bundle" and not (kind is None and isinstance(node.get("entry"), list)):
        return None
    meta = as_dict(node.get("meta"))
    made = instant(meta.get("lastUpdated")) or instant(node.get("timestamp")) or made_at
    parts = []
    raw = node.get("entry")
    for n, part in enumerate(raw if isinstance(raw, list) else as_list(raw)):
        resource = part.get("resource") if isinstance(part, dict) else part
        if resource is None and isinstance(part, dict):
            resource = _answer(part)
        url = address(part.get("fullUrl")) if isinstance(part, dict) else None
        parts.append((resource, _place(place, "entry", n), made, url, depth + 1))
    return parts


def _answer(part: dict[str, Any]) -> Any:
    """What stands for the resource in an entry without one: an outcome, or "done" (a 2xx)."""
    answer = as_dict(part.get("response"))
    if isinstance(answer.get("outcome"), dict):
        return answer["outcome"]
    done = (first_text(answer, "status") or "").startswith("2")
    return {"resourceType": "Bundle"} if done else None


def _place(place: str, name: str, number: int) -> str:
    return f"{place}.{name}[{number}]".lstrip(".")


def _entry_or_rejection(
    node: Any,
    file: str,
    place: str,
    scope: Scope,
    made_at: datetime | None,
    url: str | None,
    depth: int,
) -> Entry | Rejection:
    where = f"{place}: " if place else ""
    if node is None:
        return Rejection(file, place, f"{where}there is no resource in it. Ask the sender for it.")
    if not isinstance(node, dict) or not isinstance(node.get("resourceType"), str):
        reason = f"{where}this is not a FHIR resource: it has no resourceType."
        return Rejection(file, place, reason)
    return Entry(file, place, node, scope, 0, made_at, url, bundled=depth > 0)


def _remember(entry: Entry, scope: Scope) -> None:
    own_id = text(entry.resource.get("id"))
    for key in (entry.url, f"{entry.kind}/{own_id}" if own_id else None):
        if key:
            scope.resources.setdefault(key, entry.resource)
            scope.resources.setdefault(local_key(key), entry.resource)


def with_contained(entry: Entry, position: int) -> Iterator[Entry]:
    """The entry at its position in the import, then what it contains that can stand alone."""
    yield replace(entry, position=position)
    for n, inner in enumerate(as_list(entry.resource.get("contained"))):
        if isinstance(inner, dict) and inner.get("resourceType") in list(CONTAINED_KINDS):
            yield Entry(
                entry.file,
                _place(entry.label, "contained", n),
                inner,
                entry.scope,
                position,
                entry.made_at,
                container=entry.resource,
                bundled=True,
            )
