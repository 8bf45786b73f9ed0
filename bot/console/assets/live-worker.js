// The SharedWorker that holds the browser's one stream of live events for all its tabs.
// A tab says hello with the last event that its page knows, and gets what came after it.

import { Stream } from "./stream.js";

const KEPT = 1000;

const ports = new Set();
let front = null; // the tab that was looked at last: it alone makes a sound
let stream = null;
let from = 0; // everything after this id is in `recent`
let recent = [];
let state = null;

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data.front) front = port;
    if (data.gone) leave(port);
    if ("after" in data) join(port, data.after);
  };
};

function join(port, after) {
  ports.add(port);
  if (!stream) return start(after);
  if (state) port.postMessage(state);
  if (after < from) return port.postMessage({ kind: "reload" });
  for (const event of recent) if (event.id > after) port.postMessage(event);
}

function start(after) {
  from = after;
  recent = [];
  state = null;
  stream = new Stream(pass);
  stream.open(after);
}

function leave(port) {
  ports.delete(port);
  if (port === front) front = null;
  if (!ports.size) stop();
}

function stop() {
  stream?.close();
  stream = null;
}

function pass(said) {
  if (said.kind === "state") state = said;
  if (said.kind === "event") keep(said);
  if (said.kind === "reload") {
    from = said.id;
    recent = [];
  }
  if (said.kind === "ended") stop();
  const loud = front ?? [...ports].at(-1);
  for (const port of ports) port.postMessage({ ...said, loud: port === loud });
}

function keep(event) {
  recent.push(event);
  if (recent.length > KEPT) from = recent.shift().id;
}
