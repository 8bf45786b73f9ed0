"""What a coordinator is shown before a message goes out, and the proof of having seen it.

The translation that is sent is the one that was shown: it travels through the form, signed, so
that a translator that answers differently the second time changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache

from itsdangerous import BadData, URLSafeTimedSerializer

from bot.language.translate import Preview, TranslationFailed, get_translator, preview
from bot.services.keys import keyed_hash

VALID_SECONDS = 60 * 60


@dataclass(frozen=True)
class Shown:
    """A preview on the page.

    kind: "ready", "changed", "no_translator", "failed", "canned".
    text: the English. translation: what the patient would read. token: signed, to send it.
    changed: what the translation changed. reason: why there is none; see TranslationFailed.
    name: of a canned reply. note: why it is shown once more.
    """

    kind: str
    text: str
    translation: Preview | None = None
    token: str = ""
    reason: str = ""
    name: str = ""
    note: str = ""


def make_preview(handoff_id: str, text: str, language: str, note: str = "") -> Shown:
    """Translate there and back. Takes as long as the translator's limit, so never call it inside
    a transaction."""
    translator = get_translator()
    if translator.provider == "none":
        return Shown("no_translator", text, note=note)
    try:
        made = preview(translator, text, language)
    except TranslationFailed as error:
        return Shown("failed", text, reason=error.reason, note=note)
    if made.changed:
        return Shown("changed", text, made, note=note)
    token = _serializer().dumps({"handoff": handoff_id, "text": text, "preview": asdict(made)})
    return Shown("ready", text, made, token=token, note=note)


def seen_preview(handoff_id: str, text: str, token: str) -> Preview | None:
    """The translation that was shown for this text; None: another text, too old, or not ours."""
    try:
        given = _serializer().loads(token, max_age=VALID_SECONDS)
    except BadData:
        return None
    if given["handoff"] != handoff_id or given["text"] != text:
        return None
    shown = given["preview"]
    return Preview(shown["text"], shown["back"], shown["provider"], tuple(shown["changed"]))


@lru_cache(maxsize=1)
def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(keyed_hash("preview", "console"))
