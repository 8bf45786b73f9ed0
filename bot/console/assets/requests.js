// What goes with every htmx request, and what the page says when one fails.

export const NOT_SIGNED_IN = 401;
const BACKGROUND = "Waymark-Background";
const NO_ANSWER = "The console doesn't answer. What you have written is still here: try again in a moment.";

/** cover: called when an answer says that nobody is signed in any more. */
export function startRequests(cover) {
  const { body } = document;
  body.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.status !== NOT_SIGNED_IN) return;
    event.preventDefault();
    cover();
  });
  body.addEventListener("htmx:configRequest", ({ detail }) => {
    // Fetched because something happened, not because somebody did something: it keeps no session alive.
    if (isOurs(detail.triggeringEvent)) detail.headers[BACKGROUND] = "1";
  });
  body.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.successful && !isBackground(detail)) say("");
  });
  body.addEventListener("htmx:responseError", ({ detail }) => {
    if (!isBackground(detail)) say(sentenceIn(detail.xhr.responseText) || NO_ANSWER);
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    body.addEventListener(name, ({ detail }) => isBackground(detail) || say(NO_ANSWER));
  }
}

/** The token for requests that htmx doesn't make. */
export function csrfToken() {
  return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
}

function isOurs(event) {
  return Boolean(event?.type?.startsWith("waymark:"));
}

function isBackground({ requestConfig }) {
  return BACKGROUND in (requestConfig?.headers ?? {});
}

function say(sentence) {
  const notice = document.getElementById("notice");
  if (notice && notice.textContent !== sentence) notice.textContent = sentence;
}

function sentenceIn(html) {
  return new DOMParser().parseFromString(html, "text/html").body.textContent.trim();
}
