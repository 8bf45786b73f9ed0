// The transcript follows the live events: each message stands in its place by its number, a changed one is replaced
// where it is. A snapshot and all events since give the same as a fresh snapshot.

import { announce } from "./announcer.js";
import { NOT_SIGNED_IN, csrfToken } from "./requests.js";

const GATHER_MS = 50; // a burst of events is one request
const AGAIN_MS = 2000;
const TYPING_MS = 6000;
const NEAR_PX = 60;
const BACKGROUND = { "Waymark-Background": "1", "HX-Request": "true" };

export function startTranscript(chat, htmx) {
  const { handoff: id, holds } = chat.dataset;
  const list = document.getElementById("transcript");
  const typing = document.getElementById("patient-typing");
  let wanted = Infinity; // the lowest number to fetch anew
  let timer = null;
  let readUpTo = 0;

  const want = (seq) => {
    wanted = Math.min(wanted, Number(seq) || 1);
    timer ??= setTimeout(fetchMessages, GATHER_MS);
  };

  async function fetchMessages() {
    const from = wanted;
    wanted = Infinity;
    let pause = GATHER_MS;
    try {
      const answer = await fetch(`/handoffs/${id}/messages?after=${from - 1}`, { headers: BACKGROUND });
      if (answer.status === NOT_SIGNED_IN) return; // the live events say so, and empty the page
      if (!answer.ok) throw new Error(answer.status);
      merge(await answer.text());
    } catch {
      wanted = Math.min(wanted, from);
      pause = AGAIN_MS;
    }
    timer = wanted === Infinity ? null : setTimeout(fetchMessages, pause);
  }

  function merge(html) {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
    const { body } = new DOMParser().parseFromString(`<ol>${html}</ol>`, "text/html");
    for (const li of [...body.querySelectorAll("li.waymark-message")]) put(document.adoptNode(li));
    if (atEnd) list.scrollTop = list.scrollHeight;
    markRead();
  }

  function put(li) {
    const old = document.getElementById(li.id);
    if (!old) {
      const next = [...list.children].find((other) => Number(other.dataset.seq) > Number(li.dataset.seq));
      list.insertBefore(li, next ?? null);
      if (!next && li.dataset.sender === "patient") {
        typing.textContent = "";
        announce(li.dataset.said);
      }
    } else {
      if (Number(old.dataset.revision) > Number(li.dataset.revision) || old.dataset.digest === li.dataset.digest) return;
      const focused = old.contains(document.activeElement) ? document.activeElement.id || li.id : null;
      old.replaceWith(li);
      if (focused) (document.getElementById(focused) ?? li).focus({ preventScroll: true });
    }
    htmx.process(li);
  }

  // Read is what the holder has on the screen; others' looks don't count.
  function markRead() {
    const seq = Number(list.lastElementChild?.dataset.seq ?? 0);
    if (holds !== "yes" || document.visibilityState !== "visible" || seq <= readUpTo) return;
    readUpTo = seq;
    const headers = { ...BACKGROUND, "X-CSRFToken": csrfToken() };
    fetch(`/handoffs/${id}/read`, { method: "POST", headers, body: new URLSearchParams({ seq }) }).catch(() => {
      readUpTo = 0;
    });
  }

  const { body } = document;
  for (const kind of ["message", "translation"]) {
    body.addEventListener(`waymark:${kind}:${id}`, ({ detail }) => want(detail.seq));
  }
  body.addEventListener("waymark:sent", ({ detail }) => want(detail.seq));
  body.addEventListener("waymark:refresh", () => want(1));
  body.addEventListener(`waymark:typing:${id}`, () => {
    typing.textContent = "The patient is writing …";
    clearTimeout(typing.timer);
    typing.timer = setTimeout(() => (typing.textContent = ""), TYPING_MS);
  });
  addEventListener("visibilitychange", markRead);
  list.scrollTop = list.scrollHeight;
  markRead();
}
