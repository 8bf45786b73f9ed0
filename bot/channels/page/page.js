// The patient's page: joins connection, transcript and view. Start reading here.

import { Connection } from "./connection.js";
import { Transcript } from "./transcript.js";
import { OwnTyping } from "./typing.js";
import { View } from "./view.js";

const LEFT_PAGE = "/chat/left";
const EXPIRY_CHECK_MS = 5000;

const transcript = new Transcript();
let verifiedUntil = null; // by this device's clock, which goes on while the device sleeps

/** A version 4 UUID. randomUUID exists in secure contexts only, not on a http:// address in a clinic's network. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

function sendOwn(event, payload, text, extra = {}) {
  const item = Object.assign(transcript.write(payload.id, text, view.session.language, view.session.dir), extra, { event, payload });
  const li = view.show(item);
  view.offerReplies(transcript.openReplies());
  view.scrollToEnd(li);
  connection.send(event, payload);
  return li;
}

/** What the patient does, called by the view. */
const act = {
  write(text) {
    sendOwn("message", { id: newId(), text }, text);
  },
  writing(text) {
    ownTyping.written(text, view.session.person);
  },
  press(seq, index) {
    const open = transcript.openReplies();
    if (open?.seq !== seq) return;
    sendOwn("press", { id: newId(), seq, button: index }, open.buttons[index], { pressed: true }).focus();
  },
  choose(code) {
    connection.send("language", { id: newId(), code });
  },
  tryAgain(id) {
    const item = transcript.settle(id, { status: "sending", error: null });
    if (!item) return;
    view.show(item);
    view.offerReplies(transcript.openReplies());
    connection.send(item.event, item.payload);
  },
  edit(id) {
    const item = transcript.settle(id, {});
    if (!item) return;
    transcript.remove(id);
    view.remove(id);
    view.edit(item.text);
  },
  async leave() {
    view.clear();
    await connection.leave();
    location.replace(LEFT_PAGE); // not a new entry: Back must not lead into the chat
  },
};

function settle(id, outcome) {
  const follow = view.atEnd();
  const item = transcript.settle(id, outcome);
  if (item) view.show(item);
  if (item && follow) view.scrollToEnd();
  return item;
}

function takeAway(gone) {
  const follow = view.atEnd();
  if (!gone.length) return;
  gone.forEach((key) => view.remove(key));
  view.showHidden();
  view.offerReplies(transcript.openReplies());
  if (follow) view.scrollToEnd();
}

const forget = (seqs) => takeAway(transcript.forget(seqs));

// Offline nobody tells the page that the identity session has ended. Another tab may have kept it
// running, so what goes is asked for again.
function hideWhenExpired() {
  if (verifiedUntil === null || Date.now() < verifiedUntil) return;
  verifiedUntil = null;
  takeAway(transcript.drop(transcript.privateSeqs()));
  connection.forgetPlace();
}

/** What the server says, called by the connection. */
const hear = {
  online: () => view.showStatus(null),
  offline() {
    view.showStatus("page_reconnecting");
    view.hideTyping();
  },
  session(session) {
    const verifiedNow = session.verified && verifiedUntil === null;
    view.speak(session);
    verifiedUntil = session.verified_until ? Date.now() + Date.parse(session.verified_until) - Date.parse(session.now) : null;
    // The page may have been offline when the identity session ended: its answers go all the same.
    if (session.verified === false) forget(transcript.privateSeqs());
    if (verifiedNow) connection.forgetPlace(); // what waited behind the verification
  },
  left() { // in another tab
    view.clear();
    connection.close();
    location.replace(LEFT_PAGE);
  },
  typing: (sign) => view.showTyping(sign),
  forget: ({ seqs }) => forget(seqs),
  message(message) {
    const follow = view.atEnd();
    const { news, item } = transcript.receive(message);
    if (news === "repeat") return;
    const li = view.show(item);
    const last = transcript.isLast(item);
    view.offerReplies(transcript.openReplies());
    if (news === "changed" || (news === "rewritten" && !last)) return; // whoever reads further down isn't disturbed
    if (item.sender !== "patient") view.announceMessage(item);
    if (follow && last) view.scrollToEnd(li);
    if (news === "rewritten" || item.sender === "patient") return;
    view.countUnread();
    if (item.sender === "coordinator") view.showTyping({ on: false, who: "coordinator" });
    if (!follow && last) view.showNews(li);
  },
  history({ messages, changed, restarted, news }) {
    if (restarted) transcript.restart().forEach((key) => view.remove(key));
    if (news) return [...changed, ...messages].forEach(hear.message); // as if they came one by one
    const fresh = messages.map((message) => transcript.receive(message)).filter((received) => received.news !== "repeat");
    fresh.forEach(({ item }) => view.show(item));
    view.offerReplies(transcript.openReplies());
    if (fresh.length) view.scrollToEnd();
  },
  sent: (id, seq) => settle(id, { status: "sent", seq }),
  delayed: (id) => settle(id, { status: "delayed" }),
  refused(id, error) {
    const item = settle(id, { status: "refused", error });
    if (!item) return view.languageRefused(error); // every other event has its own item
    view.announce(error ?? view.session.strings.page_refused);
    view.offerReplies(transcript.openReplies());
  },
};

const view = new View(JSON.parse(document.getElementById("session").textContent), act);
const connection = new Connection(hear);
const ownTyping = new OwnTyping(() => connection.mention("typing"));
view.showStatus("page_connecting");
connection.open();
setInterval(hideWhenExpired, EXPIRY_CHECK_MS);
for (const event of ["visibilitychange", "pageshow", "focus"]) addEventListener(event, hideWhenExpired, true);
