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

const alerts = "after" in document.body.dataset ? startAlerts() : null;

function end() {
  alerts?.quiet();
  cover();
}

startRequests(end);
startSwaps();
startScrolling();
startDrafts();
startTyping();

if (alerts) {
  startLive({ event: alerts.hear, state: showConnection, ending: warn, ended: end });
  startChat(htmx);
}
