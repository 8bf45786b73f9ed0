// The line to the server (bot/channels/web_chat.py): a session by POST, then Socket.IO.
// It reconnects, catches up by seq and keeps what was not acknowledged; page.js hears of it through `hear`.

import { io } from "socket.io-client";

const ANSWER_TIMEOUT_MS = 5000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30000;
const LEAVE_TIMEOUT_MS = 2000;
const GAP_PATIENCE_MS = 500; // a number that is missing may be on its way, or belong to a message that this page mustn't see

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Connection {
  #hear;
  #socket;
  #outbox = []; // {event, payload}, in the order in which the patient wrote
  #sending = false;
  #after = 0; // everything up to this seq is here
  #ahead = new Set(); // seqs that are here although one before them is missing
  #gapTimer = null;
  #behind = false; // there is something to ask for
  #asking = false;
  #shown = false; // the page shows the conversation: what catching up brings is news
  #restarted = false; // the cookie was refused: this may be another conversation
  #left = false;
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

  /** Tells something that is worth nothing later: it isn't kept, and nobody acknowledges it. */
  mention(event) {
    if (this.#socket.connected) this.#socket.volatile.emit(event, {});
  }

  /** Asks for everything again: the page no longer shows all that it had. */
  forgetPlace() {
    this.#startOver();
    if (this.#socket.connected) this.#catchUp();
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
    this.#left = true;
    this.#outbox = [];
    this.#ahead.clear();
    this.#endPatience();
    this.#socket.off();
  }

  #listen() {
    const socket = this.#socket;
    socket.on("connect", () => {
      this.#refusals = 0;
      if (this.#restarted) this.#startOver();
      this.#hear.online();
      this.#catchUp();
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
      this.#hear.message(message);
      this.#has(message.seq);
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

  #startOver() {
    this.#after = 0;
    this.#ahead.clear();
    this.#shown = false;
  }

  // Asks for what came after #after, until the server has answered.
  async #catchUp() {
    this.#behind = true;
    if (this.#asking) return;
    this.#asking = true;
    this.#endPatience();
    while (this.#behind && this.#socket.connected) await this.#askForMissed();
    this.#asking = false;
    this.#advance();
  }

  async #askForMissed() {
    this.#behind = false;
    const reach = Math.max(this.#after, ...this.#ahead); // what is missing below this, the answer holds or nobody may see
    const history = await this.#ask("history", { after: this.#after }).catch(() => null);
    if (this.#left) return;
    if (!history?.messages) {
      this.#behind = true;
      if (history) await pause(ANSWER_TIMEOUT_MS);
    } else if (!this.#behind) this.#caught(history, reach); // else the page has begun anew since it asked
  }

  #caught({ messages, changed = [], session }, reach) {
    messages.forEach((message) => this.#acknowledged(message.id));
    this.#hear.history({ messages, changed, restarted: this.#restarted, news: this.#shown });
    this.#shown = true;
    this.#restarted = false;
    this.#advance(messages.reduce((last, { seq }) => Math.max(last, seq), reach));
    if (session) this.#hear.session(session);
  }

  #has(seq) {
    if (seq > this.#after) this.#ahead.add(seq);
    this.#advance();
  }

  // Moves #after on. Where a number is missing, the server is asked once: its answer closes the gap, filled or not.
  #advance(to = this.#after) {
    this.#after = Math.max(this.#after, to);
    for (const seq of [...this.#ahead].sort((a, b) => a - b)) {
      if (seq > this.#after + 1) break;
      this.#after = Math.max(this.#after, seq);
      this.#ahead.delete(seq);
    }
    if (!this.#ahead.size) this.#endPatience();
    else if (!this.#asking && this.#socket.connected) this.#gapTimer ??= setTimeout(() => this.#catchUp(), GAP_PATIENCE_MS);
  }

  #endPatience() {
    clearTimeout(this.#gapTimer);
    this.#gapTimer = null;
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
    if (answer.ok) {
      this.#hear.sent(item.payload.id, answer.seq);
      this.#has(answer.seq);
    } else this.#hear.refused(item.payload.id, answer.error);
  }

  #ask(event, payload) {
    return this.#socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, payload);
  }

  #acknowledged(id) {
    if (id) this.#outbox = this.#outbox.filter((item) => item.payload.id !== id);
  }
}
