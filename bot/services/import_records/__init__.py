"""FHIR files → rows: what `waymark records import` does.

Called by `bot.cli`; reads by `bot.fhir`, writes the tables of `bot.records`. One transaction
(the caller's); each entry in a savepoint, so that one which the database refuses is rejected alone.

In order: organisations and patients; referrals; then what hangs on them (care plans,
appointments, tasks, advice messages). So the order of files and entries doesn't matter.

What decides, when sources differ about a referral (its UBRN is its name in all feeds):

1. A source that states the referral's own state (e-RS extension, worklist row, Wayfinder) decides,
   the newest by `meta.versionId` within a feed, else by `meta.lastUpdated`, the time of the answer
   that it came in, or `authoredOn`. If neither tells, what is imported last counts; within
   one import e-RS before Wayfinder before a worklist's row. An older one changes nothing.
2. A referral outranks a request for advice of the same UBRN, whatever their dates.
3. A source that shows no state (R4 status only) leaves the known one. With none known, or with a
   code that nobody knows, the state is CANNOT_SEE; the second is reported too.
4. A task, appointment or care plan moves the state only if it isn't older, and not a closed
   referral (cancelled, discharged, rejected, returned) unless it is newer. A task and an active
   care plan move only what waits for booking. An e-RS appointment doesn't outweigh the state that
   e-RS itself states at the same time; a hospital's does, as e-RS ends at the first one. Of several
   appointments the next one counts, else the last.
5. None never erases what is known, save the review date when the state moves, and what the
   register (PDS) leaves out of a patient.
"""

from bot.services.import_records.importer import import_records
from bot.services.import_records.report import ImportReport, Rejected

__all__ = ["ImportReport", "Rejected", "import_records"]
