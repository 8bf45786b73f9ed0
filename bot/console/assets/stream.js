// One EventSource on /events that doesn't give up: it comes back with the last id that it had, also where the
// browser itself gives up (a server error) and where a connection is dead without having been closed.

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15000;
const SILENCE_MS = 45000; // three heartbeats of the server (bot/console/events.py)

export class Stream {
  #say;
  #source = null;
  #last = 0;
  #pauses = 0;
  #watch = 0;
  #again = 0;
  #heardAt = Date.now();

  /** say: called with {kind: "event", id, data} | {kind: "state", connected, since} | ending, ended or reload. */
  constructor(say) {
    this.#say = say;
  }

  open(after) {
    this.#last = after;
    this.#connect();
    this.#watch = setInterval(() => Date.now() - this.#heardAt > SILENCE_MS && this.#connect(), FIRST_PAUSE_MS * 5);
  }

  close() {
    clearInterval(this.#watch);
    clearTimeout(this.#again);
    this.#source?.close();
  }

  #connect() {
    this.#source?.close();
    clearTimeout(this.#again);
    this.#heard();
    const source = new EventSource(`/events?after=${this.#last}`);
    this.#source = source;
    source.addEventListener("ready", () => {
      this.#pauses = 0;
      this.#heard();
      this.#say({ kind: "state", connected: true, since: Date.now() });
    });
    source.addEventListener("heartbeat", () => this.#heard());
    source.onmessage = (message) => this.#take(message);
    source.onerror = () => {
      this.#say({ kind: "state", connected: false, since: this.#heardAt });
      if (source.readyState === EventSource.CLOSED) this.#later();
    };
  }

  #take({ data, lastEventId }) {
    this.#heard();
    const told = JSON.parse(data);
    if (told.kind === "session_ended") {
      this.close();
      return this.#say({ kind: "ended" });
    }
    if (told.kind === "session_ending") return this.#say({ ...told, kind: "ending" });
    const id = Number(lastEventId);
    if (told.kind === "reload") {
      this.#last = id;
      return this.#say({ kind: "reload", id });
    }
    if (id <= this.#last) return; // a repeat
    this.#last = id;
    this.#say({ kind: "event", id, data: told });
  }

  #later() {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#connect(), Math.min(FIRST_PAUSE_MS * 2 ** this.#pauses++, LONGEST_PAUSE_MS));
  }

  #heard() {
    this.#heardAt = Date.now();
  }
}
