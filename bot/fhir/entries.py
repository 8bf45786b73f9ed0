"""What the reader yields: entries as they came, and rejections.

Made by `reader` and `bundles`; read by `convert` and the modules of each kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.fhir.identifiers import address, local_key
from bot.fhir.tree import as_list, text


@dataclass(frozen=True)
class Rejection:
    """What can't be used. entry: "entry[3]", or "" for the whole file. reason: one sentence."""

    file: str
    entry: str
    reason: str


@dataclass
class Scope:
    """What references can point to within one file, and when its bundle was made."""

    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    profiles: str = ""

    def find(self, reference: Any, container: dict[str, Any]) -> dict[str, Any]:
        """The resource that `reference` (in `container`) points to; {} when it isn't here."""
        url = address(reference)
        if not url:
            return {}
        if url.startswith("#"):
            inside = [r for r in as_list(container.get("contained")) if isinstance(r, dict)]
            return next((r for r in inside if text(r.get("id")) == url[1:]), {})
        return self.resources.get(url) or self.resources.get(local_key(url)) or {}


@dataclass(frozen=True)
class Entry:
    """One resource, as it came.

    label: its place in the file. container: the resource in which it lies, or None.
    made_at: when the bundle was made that it came in. url: its fullUrl.
    """

    file: str
    label: str
    resource: dict[str, Any]
    scope: Scope
    position: int = 0
    made_at: datetime | None = None
    url: str | None = None
    container: dict[str, Any] | None = None
    bundled: bool = False

    @property
    def kind(self) -> str:
        """The resourceType, or "" when that isn't a string."""
        kind = self.resource.get("resourceType")
        return kind if isinstance(kind, str) else ""
