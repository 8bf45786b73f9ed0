// The tab's title: how many messages came while the patient was looking at something else.

export class Unread {
  #title;
  #count = 0;

  constructor(title) {
    this.#title = title;
    document.addEventListener("visibilitychange", () => this.#seen());
  }

  /** The page's title, in the page's language. */
  speak(title) {
    this.#title = title;
    this.#write();
  }

  /** A message came. */
  add() {
    if (!document.hidden) return;
    this.#count += 1;
    this.#write();
  }

  #seen() {
    if (document.hidden) return;
    this.#count = 0;
    this.#write();
  }

  #write() {
    document.title = this.#count ? `(${this.#count}) ${this.#title}` : this.#title;
  }
}
