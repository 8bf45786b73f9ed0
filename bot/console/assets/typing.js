// Tells the patient's page that the coordinator is writing: a POST at most every three seconds. It also says to the
// server that somebody is there, so that a long answer doesn't end in a sign-in page.

import { csrfToken } from "./requests.js";

const PAUSE_MS = 3000;

const sentAt = new Map();

export function startTyping() {
  document.addEventListener("input", ({ target }) => {
    const address = target.dataset?.typing;
    if (!address || !target.value.trim()) return;
    if (Date.now() - (sentAt.get(address) ?? 0) < PAUSE_MS) return;
    sentAt.set(address, Date.now());
    // Not worth a word when it fails: the message itself will say so.
    fetch(address, { method: "POST", headers: { "X-CSRFToken": csrfToken() }, redirect: "manual" }).catch(() => {});
  });
}
