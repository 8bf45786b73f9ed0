// What the queue, the chat and the status page need besides htmx. Start reading here for these pages.

import { startCompose } from "./compose.js";
import { startQueue } from "./queue.js";
import { startTranscript } from "./transcript.js";

const MINUTE_MS = 60000;

export function startChat(htmx) {
  // "Waiting for 12 minutes" is true for one minute only.
  setInterval(() => document.body.dispatchEvent(new CustomEvent("waymark:minute")), MINUTE_MS);
  document.addEventListener("click", ({ target }) => target.closest?.("[data-print]") && window.print());
  htmx.onLoad(showOutcome);
  if (document.getElementById("rows")) startQueue();
  const chat = document.getElementById("chat");
  if (!chat) return;
  startTranscript(chat, htmx);
  startCompose(chat.dataset.handoff);
}

// A form that came back: the reader goes on where something is wrong in it, or hears how it went.
function showOutcome(part) {
  if (!part.matches?.(".waymark-tool")) return;
  const wrong = part.querySelector("[aria-invalid]");
  const notice = part.querySelector(".waymark-notice");
  notice?.setAttribute("tabindex", "-1");
  (wrong?.matches("fieldset") ? wrong.querySelector("input") : wrong ?? notice)?.focus();
}
