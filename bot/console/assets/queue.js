// Rows that come anew never lose the keyboard: when the focused one is gone, the page's heading takes the focus.

export function startQueue() {
  let held = false;
  const rows = document.getElementById("rows");
  document.body.addEventListener("htmx:beforeSwap", () => {
    held = rows.contains(document.activeElement);
  });
  document.body.addEventListener("htmx:afterSettle", () => {
    if (held && document.activeElement === document.body) document.getElementById("queue-heading").focus();
    held = false;
  });
}
