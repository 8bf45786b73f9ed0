// The box to write in: what is typed is never taken away, a preview never outlives the text that it was made of.

import { announce } from "./announcer.js";

export function startCompose(handoff) {
  showKept();
  const box = document.getElementById("compose-text");
  const preview = document.getElementById("preview");
  if (!box) return;
  let sending = null;

  box.addEventListener("input", () => preview.replaceChildren());
  document.body.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.pathInfo.requestPath.endsWith("/send")) sending = box.value;
  });
  document.body.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target !== preview || document.activeElement === box) return;
    const shown = preview.querySelector(".waymark-preview, .waymark-notice");
    shown?.setAttribute("tabindex", "-1");
    shown?.focus();
  });
  document.body.addEventListener("waymark:sent", ({ detail }) => {
    if (detail.handoff !== handoff) return;
    if (detail.draft && box.value === sending) box.value = "";
    announce("Sent.");
    box.focus();
  });
  preview.addEventListener("click", (event) => {
    if (!event.target.closest("[data-edit]")) return;
    event.preventDefault();
    preview.replaceChildren();
    box.focus();
  });
}

// Somebody else has the hand-off now: what was begun is not lost.
function showKept() {
  const kept = document.getElementById("kept-draft");
  if (kept?.querySelector("textarea").value) kept.hidden = false;
}
