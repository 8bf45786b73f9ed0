"""What an import did: the counts and rejections that the command prints."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bot.fhir import Rejection as Rejected

__all__ = ["ImportReport", "Rejected"]


@dataclass
class ImportReport:
    """imported: entries that changed the records, by kind. unchanged: known already, or older.

    read: resources found in the files. Some of them come along only to be referred to, so the
    other counts needn't add up to it.
    """

    imported: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    read: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: imported by kind, unchanged, rejected."""
        return {
            "imported": dict(sorted(self.imported.items())),
            "unchanged": self.unchanged,
            "rejected": [
                {"file": item.file, "entry": item.entry, "reason": item.reason}
                for item in self.rejected
            ],
        }

    @property
    def exit_code(self) -> int:
        """0 all was read, 3 something was rejected, 2 nothing could be read."""
        if not self.read:
            return 2
        return 3 if self.rejected else 0
