// A transcript (data-scroll-end) stays at its end while the reader is there, and never jumps when they read above.

const NEAR_PX = 40;

const atEnd = new WeakSet();

export function startScrolling() {
  const all = () => document.querySelectorAll("[data-scroll-end]");
  document.body.addEventListener("htmx:beforeSwap", () => all().forEach(remember));
  document.body.addEventListener("htmx:afterSettle", () => all().forEach((one) => atEnd.has(one) && toEnd(one)));
  all().forEach(toEnd);
}

function remember(one) {
  if (one.scrollHeight - one.scrollTop - one.clientHeight < NEAR_PX) atEnd.add(one);
  else atEnd.delete(one);
}

function toEnd(one) {
  one.scrollTop = one.scrollHeight;
}
