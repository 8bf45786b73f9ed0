// The line to the server (bot/channels/web_chat.py): a session by POST, then Socket.IO.
// It reconnects, catches up by seq and keeps what was not acknowledged; page.js hears of it through `hear`.

import { io } from "socket.io-client";

const ANSWER_TIMEOUT_MS = 5000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30000;
const LEAVE_TIMEOUT_MS = 2000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Connection {
  #hear;
  #socket;
  #outbox = []; // {event, payload}, in the order in which the patient wrote
  #sending = false;
  #after = 0; // everything up to this seq is here
  #caughtUp = false;
  #restarted = false; // the cookie was refused: this may be another conversation
  #refusals = 0;

  constructor(hear) {
    this.#hear = hear;
    // Websocket first: behind several processes long polling needs a proxy that always picks the same one.
    this.#socket = io({ autoConnect: false, transports: ["websocket", "polling"], tryAllTransports: true });
    this.#listen();
  }

  async open() {
    await this.#renewSession();
    this.#socket.connect();
  }

  /** Queues an event until the server has acknowledged it; its id stays the same on every try. */
  send(event, payload) {
    this.#outbox.push({ event, payload });
    if (!this.#socket.connected) this.#hear.delayed(payload.id);
    this.#deliver();
  }

  /** Asks for everything again with the next catching up: the page no longer shows all that it had. */
  forgetPlace() {
    this.#after = 0;
    if (this.#caughtUp) this.#catchUp(this.#socket.id);
  }

  /** Says goodbye. The page doesn't wait long for the answer: it has to be gone from the screen at once. */
  async leave() {
    this.#silence();
    await this.#socket.timeout(LEAVE_TIMEOUT_MS).emitWithAck("leave", {}).catch(() => {});
    this.#socket.disconnect();
  }

  close() {
    this.#silence();
    this.#socket.disconnect();
  }

  // Nothing may come back onto the cleared page.
  #silence() {
    this.#outbox = [];
    this.#socket.off();
  }

  #listen() {
    const socket = this.#socket;
    socket.on("connect", () => {
      this.#refusals = 0;
      this.#caughtUp = false;
      this.#hear.online();
      this.#catchUp(socket.id);
      this.#deliver();
    });
    socket.on("disconnect", () => {
      this.#hear.offline();
      if (!socket.active) this.#knockAgain();
    });
    socket.on("connect_error", () => {
      this.#hear.offline();
      if (!socket.active) this.#knockAgain();
    });
    socket.on("message", (message) => {
      this.#acknowledged(message.id);
      if (this.#caughtUp) this.#after = Math.max(this.#after, message.seq);
      this.#hear.message(message);
    });
    for (const event of ["typing", "session", "forget", "left"]) socket.on(event, (data) => this.#hear[event](data));
  }

  // Socket.IO tries again by itself, except where the server refused ("not-allowed") or hung up.
  async #knockAgain() {
    this.#restarted = true;
    await pause(Math.min(FIRST_PAUSE_MS * 2 ** this.#refusals++, LONGEST_PAUSE_MS));
    await this.open();
  }

  async #renewSession() {
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      const answer = await fetch("/chat/session", { method: "POST", credentials: "same-origin" }).catch(() => null);
      const session = answer?.ok ? await answer.json().catch(() => null) : null;
      if (session) return this.#hear.session(session);
      this.#hear.offline();
      await pause(wait);
    }
  }

  async #catchUp(socketId) {
    const after = this.#restarted ? 0 : this.#after;
    while (this.#socket.id === socketId) {
      const history = await this.#ask("history", { after }).catch(() => null);
      if (history?.messages) return this.#caught(history);
      if (history) await pause(ANSWER_TIMEOUT_MS);
    }
  }

  #caught({ messages, session }) {
    messages.forEach((message) => this.#acknowledged(message.id));
    this.#after = messages.reduce((last, { seq }) => Math.max(last, seq), this.#restarted ? 0 : this.#after);
    this.#hear.history(messages, this.#restarted);
    this.#caughtUp = true;
    this.#restarted = false;
    if (session) this.#hear.session(session);
  }

  // One at a time, so that messages arrive in the order in which they were written.
  async #deliver() {
    if (this.#sending) return;
    this.#sending = true;
    while (this.#outbox.length && this.#socket.connected) await this.#attempt(this.#outbox[0]);
    this.#sending = false;
  }

  async #attempt(item) {
    const answer = await this.#ask(item.event, item.payload).catch(() => null);
    if (!this.#outbox.includes(item)) return; // its echo came first
    if (!answer) return this.#hear.delayed(item.payload.id);
    this.#outbox = this.#outbox.filter((other) => other !== item);
    if (answer.ok) this.#hear.sent(item.payload.id, answer.seq);
    else this.#hear.refused(item.payload.id, answer.error);
  }

  #ask(event, payload) {
    return this.#socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, payload);
  }

  #acknowledged(id) {
    if (id) this.#outbox = this.#outbox.filter((item) => item.payload.id !== id);
  }
}
