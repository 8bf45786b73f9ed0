// The live events for this page. All tabs of a browser share one stream (a browser opens six connections to a host
// at most, and a coordinator has forty chats open); where there is no SharedWorker each page has its own.
//
// Each event becomes a DOM event on <body>: "waymark:message", and for one hand-off "waymark:message:<its id>".
// "waymark:refresh" says that too much was missed: fragments are to be fetched anew.

import { Stream } from "./stream.js";

/** hear: {event(data, loud), state({connected, since}), ending({seconds, extendable}), ended()} */
export function startLive(hear) {
  const { after, session, worker } = document.body.dataset;
  const told = (said) => take(said, hear);
  if (typeof SharedWorker === "undefined") return listenAlone(Number(after), told);
  // A session of its own: another person who signs in at this browser gets another worker.
  const shared = new SharedWorker(worker, { name: `waymark-${session}` });
  shared.onerror = () => listenAlone(Number(after), told);
  const { port } = shared;
  port.onmessage = ({ data }) => told(data);
  const front = () => document.visibilityState === "visible" && port.postMessage({ front: true });
  port.postMessage({ after: Number(after) });
  front();
  addEventListener("visibilitychange", front);
  addEventListener("focus", front);
  addEventListener("pagehide", () => port.postMessage({ gone: true }));
  // A page that comes back out of the browser's memory shows an old state.
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
}

function listenAlone(after, told) {
  const stream = new Stream((said) => told({ ...said, loud: true }));
  stream.open(after);
  addEventListener("pagehide", () => stream.close());
}

function take({ kind, data, loud, ...said }, hear) {
  if (kind === "state") return hear.state(said);
  if (kind === "ending") return hear.ending(said);
  if (kind === "ended") return hear.ended();
  if (kind === "reload") return dispatch("refresh", {});
  dispatch(data.kind, data);
  if (data.handoff) dispatch(`${data.kind}:${data.handoff}`, data);
  hear.event(data, loud);
}

function dispatch(name, detail) {
  document.body.dispatchEvent(new CustomEvent(`waymark:${name}`, { detail }));
}
