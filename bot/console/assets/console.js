// The console's page: joins htmx, the live events and what staff hear and see of them. Start reading here.

import htmx from "htmx.org";
import { ErrorSummary, Button, Radios, SkipLink, createAll } from "nhsuk-frontend";
import { startAlerts } from "./alerts.js";
import { startChat } from "./chat.js";
import { showConnection } from "./connection.js";
import { startDrafts } from "./drafts.js";
import { cover, warn } from "./expiry.js";
import { startLive } from "./live.js";
import { startRequests } from "./requests.js";
import { startScrolling } from "./scroll.js";
import { startSwaps } from "./swaps.js";
import { startTyping } from "./typing.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");

// Fragments that htmx brings have NHS.UK components too; each is set up once.
htmx.onLoad((part) => {
  for (const component of [Button, ErrorSummary, Radios, SkipLink]) {
    createAll(component, undefined, { scope: part.parentElement ?? part, onError: ignoreSecondTime });
  }
});

function ignoreSecondTime(error) {
  if (error.name !== "InitError") throw error;
}

startRequests();
startSwaps();
startScrolling();
startDrafts();
startTyping();

if ("after" in document.body.dataset) {
  const alerts = startAlerts();
  startLive({
    event: alerts.hear,
    state: showConnection,
    ending: warn,
    ended() {
      alerts.quiet();
      cover();
    },
  });
  startChat(htmx);
}
