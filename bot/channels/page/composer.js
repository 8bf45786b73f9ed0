// The box that the patient writes in, and what it says about a text that gets too long.

import { make } from "./elements.js";

const LIMIT_HINT_FROM = 200; // characters left

export class Composer {
  #input = document.getElementById("input");
  #limit = document.getElementById("limit");
  #session;
  #tell;
  #wasTooLong = false;

  /** tell: what `submit(text)`, `written(text)` and `announce(text)` do. */
  constructor(session, tell) {
    this.#session = session;
    this.#tell = tell;
    document.getElementById("composer").addEventListener("submit", (event) => this.#submit(event));
    this.#input.addEventListener("input", () => this.#changed());
    this.#input.addEventListener("keydown", (event) => {
      // While an input method composes (Chinese, Vietnamese), Enter accepts its suggestion.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
    });
  }

  speak(session) {
    this.#session = session;
    this.#showLimit();
  }

  /** Gives a text back to the patient to change. */
  edit(text) {
    this.#input.value = text;
    this.#showLimit();
    this.#input.focus();
  }

  clear() {
    this.#input.value = "";
  }

  #changed() {
    this.#showLimit();
    this.#tell.written(this.#input.value);
  }

  #submit(event) {
    event.preventDefault();
    const text = this.#input.value.trim();
    this.#input.focus();
    if (!text) return;
    this.#input.value = "";
    this.#showLimit();
    this.#tell.submit(text);
  }

  // A hint, never a lock: the server reads the whole of a long message for signs of an emergency.
  #showLimit() {
    const { strings, max_length: most = Infinity } = this.#session;
    const left = most - [...this.#input.value].length;
    const tooLong = left < 0;
    this.#limit.hidden = left > LIMIT_HINT_FROM;
    this.#limit.classList.toggle("nhsuk-error-message", tooLong);
    this.#limit.replaceChildren(...(tooLong ? [strings.page_too_long] : [make("span", {}, strings.page_characters_left), make("b", {}, String(left))]));
    this.#input.classList.toggle("nhsuk-textarea--error", tooLong);
    if (tooLong && !this.#wasTooLong) this.#tell.announce(strings.page_too_long);
    this.#wasTooLong = tooLong;
  }
}
