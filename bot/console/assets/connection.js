// Says when the page shows an old state: quietly, and not for the blink of an eye.

const PATIENCE_MS = 2000;

const time = new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", hour12: true });
let timer = 0; // 0: connected; each failed attempt says "not connected" again

export function showConnection({ connected, since }) {
  const line = document.getElementById("connection");
  if (!line) return;
  if (connected) {
    clearTimeout(timer);
    timer = 0;
    line.textContent = "";
  } else if (!timer) {
    const known = time.format(new Date(since)).replace(/\s/g, "");
    timer = setTimeout(() => {
      line.textContent = `Not connected: showing what was known at ${known}. Trying again.`;
    }, PATIENCE_MS);
  }
}
