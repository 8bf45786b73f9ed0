// Signs of writing, both ways. They are never stored: one that is lost costs nothing.

import { say } from "./elements.js";

const SIGN_EVERY_MS = 3000;
const COORDINATOR_SHOWN_FOR_MS = 6000; // their console says so again while they go on

/** Tells staff that the patient is writing, when somebody of them is there or awaited. */
export class OwnTyping {
  #tell;
  #last = -Infinity;

  constructor(tell) {
    this.#tell = tell;
  }

  /** The patient changed the text in the box. person: null, "waiting" or "joined". */
  written(text, person) {
    const now = performance.now();
    if (!person || !text.trim() || now - this.#last < SIGN_EVERY_MS) return;
    this.#last = now;
    this.#tell();
  }
}

/** The line under the messages that says who is writing. */
export class TypingLine {
  #line;
  #writing = { bot: false, coordinator: false };
  #timer;

  constructor(line) {
    this.#line = line;
  }

  show({ on, who = "bot" }, session) {
    this.#writing[who] = on;
    if (who === "coordinator") {
      clearTimeout(this.#timer);
      if (on) this.#timer = setTimeout(() => this.show({ on: false, who }, session), COORDINATOR_SHOWN_FOR_MS);
    }
    this.#write(session);
  }

  /** Nobody is writing, as far as this page can know. */
  hide() {
    clearTimeout(this.#timer);
    this.#writing = { bot: false, coordinator: false };
    this.#line.hidden = true;
  }

  #write({ strings, author }) {
    const { bot, coordinator } = this.#writing;
    this.#line.hidden = !bot && !coordinator;
    if (this.#line.hidden) return;
    const named = coordinator && author;
    this.#line.lastElementChild.replaceWith(
      named ? say("span", "page_coordinator_typing", strings, {}, { name: author.name }) : say("span", "page_typing", strings));
  }
}
