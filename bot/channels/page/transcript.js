// Which messages this page knows, and in what order. Nothing here touches the document:
// page.js feeds it from the connection and tells the view what changed.

const SHOWN = ["text", "kind", "sender", "language", "dir", "buttons", "author", "original", "machine", "file", "revision"];
const looks = (item) => JSON.stringify(SHOWN.map((name) => item[name] || null));
const revision = (item) => item.revision ?? 0;

export class Transcript {
  #items = new Map(); // key → message, own ones by the id that we gave them
  #forgotten = new Set();

  /** A message that the patient has just written; it has no seq until the server answers. */
  write(id, text, language, dir) {
    const item = { key: id, id, seq: null, sender: "patient", text, language, dir, buttons: [],
      at: new Date().toISOString(), status: "sending" };
    this.#items.set(id, item);
    return item;
  }

  /**
   * Takes a message from the server. Returns its item and what is new in it: "new"; "rewritten" (the server changed
   * the text of a message that it had sent); "changed" (anything else that shows); "repeat".
   */
  receive(message) {
    // What a coordinator wrote comes back when the same patient has shown again who they are.
    if (this.#forgotten.has(message.seq) && message.sender !== "coordinator") return { news: "repeat" };
    const known = this.#items.get(message.id) ?? this.#bySeq(message.seq);
    const sent = known?.status === "sent";
    if (sent && revision(message) < revision(known)) return { news: "repeat", item: known }; // it was overtaken
    if (sent && looks(known) === looks(message)) return { news: "repeat", item: Object.assign(known, message) };
    const item = { ...known, ...message, key: known?.key ?? message.id ?? `seq-${message.seq}`, status: "sent" };
    this.#items.set(item.key, item);
    if (!known) return { news: "new", item };
    return { news: sent && revision(message) > revision(known) && message.text !== known.text ? "rewritten" : "changed", item };
  }

  /** Whether a message is the newest that the server has given. */
  isLast(item) {
    return [...this.#items.values()].every((other) => other === item || other.seq === null || other.seq < item.seq);
  }

  /** Sets the outcome of a message of our own; undefined when it was answered by an echo already. */
  settle(id, outcome) {
    const item = this.#items.get(id);
    if (!item || item.status === "sent") return undefined;
    return Object.assign(item, outcome);
  }

  remove(key) {
    this.#items.delete(key);
  }

  /** Drops messages for good: a late repeat must not bring a hidden answer back. Returns the keys dropped. */
  forget(seqs) {
    seqs.forEach((seq) => this.#forgotten.add(seq));
    return this.drop(seqs);
  }

  /** Drops messages until the server gives them again. Returns the keys dropped. */
  drop(seqs) {
    const gone = [...this.#items.values()].filter((item) => seqs.includes(item.seq)).map((item) => item.key);
    gone.forEach((key) => this.#items.delete(key));
    return gone;
  }

  /** Seqs of the answers that come from the patient's record. */
  privateSeqs() {
    return [...this.#items.values()].filter((item) => item.private).map((item) => item.seq);
  }

  /** Starts again for another conversation; what was never sent stays. Returns the keys dropped. */
  restart() {
    const gone = [...this.#items.values()].filter((item) => item.status === "sent").map((item) => item.key);
    gone.forEach((key) => this.#items.delete(key));
    this.#forgotten.clear();
    return gone;
  }

  /** The message whose quick replies are open: the newest from the other side, until the patient picked one. */
  openReplies() {
    const items = [...this.#items.values()];
    const newest = items.filter((item) => item.sender !== "patient").reduce((a, b) => (a && a.seq > b.seq ? a : b), null);
    if (!newest?.buttons?.length) return null;
    const picked = items.some((item) => item.sender === "patient" && item.status !== "refused" &&
      (item.seq === null || item.seq > newest.seq) && newest.buttons.includes(item.text));
    return picked ? null : newest;
  }

  #bySeq(seq) {
    return [...this.#items.values()].find((item) => item.seq === seq);
  }
}
