"""Who may ask for a patient: access is recorded by staff, checked at every read. docs/carers.md.

`validity` is what every read asks; `recording` and `ending` are the staff's side, `choosing` is
the carer's in the chat, `review` the worker's.
"""

from bot.services.carers.validity import access_is_valid

__all__ = ["access_is_valid"]
