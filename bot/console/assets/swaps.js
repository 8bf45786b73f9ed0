// A fragment that comes anew doesn't close what the reader has opened.

export function startSwaps() {
  let open = [];
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    open = [...detail.target.querySelectorAll("details[id][open]")].map(({ id }) => id);
  });
  document.body.addEventListener("htmx:afterSwap", () => {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    open = [];
  });
}
