// The session's end. Nothing of a patient stays on a screen that nobody is signed in at any more.

import { hasDrafts } from "./drafts.js";
import { csrfToken } from "./requests.js";

const MINUTE = 60;

/** Soon: said in time, with a button where doing something is enough to go on (WCAG 2.2.1). */
export function warn({ seconds, extendable }) {
  const line = document.getElementById("ending");
  if (!line) return;
  if (seconds === null) return line.replaceChildren(); // something was done, in another tab perhaps
  const minutes = Math.max(1, Math.round(seconds / MINUTE));
  const text = document.createElement("span");
  text.textContent = `You will be signed out in ${minutes} minute${minutes === 1 ? "" : "s"}. `;
  line.replaceChildren(text);
  if (!extendable) {
    text.textContent += "A working day's session ends: sign in anew when it suits you. What you have written is kept.";
    return;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "nhsuk-button nhsuk-button--secondary nhsuk-button--small";
  button.textContent = "Stay signed in";
  button.onclick = async () => {
    const headers = { "X-CSRFToken": csrfToken() };
    const answer = await fetch("/stay", { method: "POST", headers, redirect: "manual" }).catch(() => null);
    if (answer?.ok) line.replaceChildren();
  };
  line.append(button);
}

/** Over: the page is emptied, in a tab in the background too. */
export function cover() {
  const back = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
  const main = document.createElement("main");
  main.className = "nhsuk-width-container nhsuk-main-wrapper";
  main.id = "maincontent";
  const heading = document.createElement("h1");
  heading.className = "nhsuk-heading-l";
  heading.tabIndex = -1;
  heading.textContent = "You are signed out";
  const text = document.createElement("p");
  text.textContent = "Your session has ended.";
  if (hasDrafts()) text.textContent += " What you were writing is kept in this tab and comes back when you sign in.";
  const way = document.createElement("p");
  const link = document.createElement("a");
  link.href = back;
  link.textContent = "Sign in again";
  way.append(link);
  main.append(heading, text, way);
  document.body.replaceChildren(main);
  document.title = "Signed out – Waymark console";
  heading.focus();
}
