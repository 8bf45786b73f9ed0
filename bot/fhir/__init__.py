"""A tolerant reader of FHIR: files → entries (`reader`) → small records (`convert`). No database.

Called by `bot.services.import_records`, which writes what comes out. A payload is never trusted:
whatever it holds, it ends as a record or as a rejection with a reason, never as an exception.
"""

from bot.fhir.convert import to_records
from bot.fhir.entries import Entry, Rejection
from bot.fhir.reader import read_paths

__all__ = ["Entry", "Rejection", "read_paths", "to_records"]
