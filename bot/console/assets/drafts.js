// What somebody has begun to write outlives a reload, a crash of the console and the end of the session: kept for
// each hand-off in this tab only (sessionStorage), for the same person only, until it is sent or they sign out.

const PREFIX = "waymark-draft:";
const SIGNED_OUT = "waymark-signed-out"; // in localStorage: how the other tabs of this browser hear of it

export function startDrafts() {
  const { staff } = document.body.dataset;
  if (staff) forgetOthers(staff);
  document.addEventListener("input", ({ target }) => {
    const id = target.dataset?.draft;
    if (id) keep(id, target.value);
  });
  document.body.addEventListener("waymark:sent", ({ detail }) => forgetDraft(detail.draft));
  document.body.addEventListener("htmx:load", ({ detail }) => giveBack(detail.elt));
  document.getElementById("sign-out")?.addEventListener("submit", () => {
    forgetAll();
    localStorage.setItem(SIGNED_OUT, String(Date.now()));
  });
  addEventListener("storage", ({ key: name }) => name === SIGNED_OUT && forgetAll());
  giveBack(document.body);
}

/** It was sent: nothing comes back. */
export function forgetDraft(id) {
  sessionStorage.removeItem(key(id));
}

/** Whether something is kept in this tab. */
export function hasDrafts() {
  return keys().length > 0;
}

function key(id) {
  return `${PREFIX}${document.body.dataset.staff}:${id}`;
}

function keep(id, text) {
  if (text.trim()) sessionStorage.setItem(key(id), text);
  else forgetDraft(id);
}

function giveBack(part) {
  const fields = part.matches?.("[data-draft]") ? [part] : part.querySelectorAll?.("[data-draft]") ?? [];
  for (const field of fields) {
    const id = field.dataset.draft;
    if (field.value) keep(id, field.value); // typed before this script came, or kept by the server
    else field.value = sessionStorage.getItem(key(id)) ?? "";
  }
}

function forgetAll() {
  for (const name of keys()) sessionStorage.removeItem(name);
}

function forgetOthers(staff) {
  for (const name of keys()) if (!name.startsWith(`${PREFIX}${staff}:`)) sessionStorage.removeItem(name);
}

function keys() {
  return Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX));
}
