// The page itself: shows what page.js tells it, and reports what the patient does through `act`.

import { Composer } from "./composer.js";
import { button, make, say, sayAgain } from "./elements.js";
import { authorOf, clock, messageItem } from "./message.js";
import { TypingLine } from "./typing.js";
import { Unread } from "./unread.js";

const NEAR_THE_END_PX = 200;
const ANNOUNCED_FOR_MS = 20000;
const part = (id) => document.getElementById(id);

export class View {
  session;
  #act;
  #composer;
  #typing = new TypingLine(part("typing"));
  #unread;
  #pickerOpen;
  #status = null;
  #news = null; // the first message that came while the patient read further up

  constructor(session, act) {
    this.session = session;
    this.#act = act;
    this.#unread = new Unread(session.strings.page_title);
    this.#composer = new Composer(session, { submit: act.write, written: act.writing, announce: (text) => this.announce(text) });
    this.#pickerOpen = !session.chosen;
    this.#listen();
    this.speak(session);
    this.#keepFocusClearOfBars();
  }

  /** Takes a (partial) session: language, direction, strings, who is there. Everything on the page follows at once. */
  speak(session) {
    if (session.chosen && !this.session.chosen) this.#pickerOpen = false;
    this.session = { ...this.session, ...session };
    const { language, dir, strings } = this.session;
    Object.assign(document.documentElement, { lang: language, dir });
    this.#unread.speak(strings.page_title);
    for (const element of document.querySelectorAll("[data-string]")) sayAgain(element, strings);
    for (const element of document.querySelectorAll("[data-page-language]")) Object.assign(element, { lang: language, dir });
    for (const time of document.querySelectorAll("time")) time.textContent = clock(time.dateTime, language);
    for (const choice of document.querySelectorAll("[data-language]")) {
      choice.ariaCurrent = this.session.chosen && choice.dataset.language === language ? "true" : null;
    }
    this.#showPerson();
    this.#showPicker();
    this.#composer.speak(this.session);
  }

  /** Puts a message in its place by seq; one without a seq comes last. */
  show(item) {
    const li = messageItem(item, this.session);
    const old = this.#find(item.key);
    const held = old?.contains(document.activeElement) && document.activeElement;
    const unfolded = old?.querySelector("details")?.open;
    old?.remove();
    const next = [...part("messages").children].find((other) => item.seq !== null &&
      (other.dataset.seq ? Number(other.dataset.seq) > item.seq : other.dataset.key));
    part("messages").insertBefore(li, next ?? null);
    if (unfolded) li.querySelector("details")?.setAttribute("open", "");
    if (held) ((held.matches("summary") && li.querySelector("summary")) || li).focus({ preventScroll: true });
    return li;
  }

  remove(key) {
    this.#find(key)?.remove();
  }

  /** Quick replies are open under one message at most. */
  offerReplies(item) {
    if (item && this.#find(item.key)?.querySelector(".waymark-replies")) return; // one of them may have the focus
    for (const replies of document.querySelectorAll(".waymark-replies")) {
      if (replies.contains(document.activeElement)) replies.closest("li").focus();
      replies.remove();
    }
    if (!item) return;
    const titles = item.buttons.map((title, index) => button(title, "secondary-solid", { "data-seq": item.seq, "data-button": index }));
    this.#find(item.key)?.append(make("div", { class: "waymark-replies", role: "group", "aria-labelledby": "replies-label" },
      say("span", "page_replies", this.session.strings, { id: "replies-label", class: "nhsuk-u-visually-hidden" }), ...titles));
  }

  /** One polite live region speaks for the page; it adds each text once and drops it later, out of a reader's way. */
  announce(text, lang = this.session.language, dir = this.session.dir) {
    const spoken = make("p", { lang, dir }, text);
    part("announcer").append(spoken);
    setTimeout(() => spoken.remove(), ANNOUNCED_FOR_MS);
  }

  announceMessage(item) {
    this.announce(`${authorOf(item, this.session)}: ${item.text}`, item.language, item.dir);
  }

  /** Counts a message that came while the patient looked at something else. */
  countUnread() {
    this.#unread.add();
  }

  /** Says once, at the end of the conversation, that answers were taken off the page. */
  showHidden() {
    part("announcer").replaceChildren();
    document.querySelector(".waymark-notice")?.remove();
    part("messages").append(say("li", "page_hidden", this.session.strings, { class: "waymark-notice" }));
    this.announce(this.session.strings.page_hidden);
  }

  /** Says that a message came below, to a patient who is reading further up. */
  showNews(li) {
    if (this.#news?.isConnected) return;
    this.#news = li;
    part("news").hidden = false;
  }

  /** The language that the patient picked could not be set: says so where it was picked. */
  languageRefused(error) {
    this.#pickerOpen = true;
    part("picker-error").textContent = error ?? this.session.strings.page_not_sent;
    this.#showPicker();
    part("picker").scrollIntoView({ block: "center" });
    this.announce(part("picker-error").textContent);
  }

  /** sign: {on, who}; who is writing, or has stopped. */
  showTyping(sign) {
    const follow = this.atEnd();
    this.#typing.show(sign, this.session);
    if (follow) this.scrollToEnd();
  }

  hideTyping() {
    this.#typing.hide();
  }

  /** name: a page string, or null when all is well. */
  showStatus(name) {
    if (name === this.#status) return;
    this.#status = name;
    part("status").hidden = name === null;
    part("status").replaceChildren(...(name ? [say("span", name, this.session.strings)] : []));
    if (name === "page_reconnecting") this.announce(this.session.strings[name]);
  }

  atEnd() {
    return document.documentElement.scrollHeight - window.scrollY - window.innerHeight < NEAR_THE_END_PX;
  }

  /** Shows the end, or the beginning of a message that is too long to be seen whole. */
  scrollToEnd(li = part("messages").lastElementChild) {
    if (li && li.offsetHeight > window.innerHeight / 2) li.scrollIntoView({ block: "start" });
    else window.scrollTo(0, document.documentElement.scrollHeight);
  }

  /** Gives a text back to the patient to change. */
  edit(text) {
    this.#composer.edit(text);
  }

  clear() {
    for (const id of ["messages", "announcer"]) part(id).replaceChildren();
    this.#composer.clear();
    part("main").hidden = true;
  }

  #find(key) {
    return part("messages").querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  #listen() {
    part("leave").addEventListener("click", () => this.#act.leave());
    part("language").addEventListener("click", () => this.#togglePicker());
    part("picker").addEventListener("click", (event) => this.#choose(event.target.closest("[data-language]")));
    part("picker").addEventListener("keydown", (event) => event.key === "Escape" && this.session.chosen && this.#togglePicker());
    part("news").addEventListener("click", () => this.#toNews());
    addEventListener("scroll", () => this.#news && this.#inSight(this.#news) && this.#noNews(), { passive: true });
    part("messages").addEventListener("click", (event) => this.#pressed(event.target.closest("button")?.dataset));
  }

  #toNews() {
    const li = this.#news;
    this.#noNews();
    li.focus({ preventScroll: true }); // the button goes away; reading goes on at the message
    li.scrollIntoView({ block: "start" });
  }

  #noNews() {
    this.#news = null;
    part("news").hidden = true;
  }

  #inSight = (li) => !li.isConnected || li.getBoundingClientRect().top < part("composer").getBoundingClientRect().top - 40;

  #pressed(data = {}) {
    if (data.again) this.#act.tryAgain(data.again);
    else if (data.edit) this.#act.edit(data.edit);
    else if (data.button) this.#act.press(Number(data.seq), Number(data.button));
  }

  #choose(choice) {
    if (!choice) return;
    this.#pickerOpen = false;
    this.#showPicker();
    part("language").focus({ preventScroll: true });
    this.scrollToEnd();
    this.#act.choose(choice.dataset.language);
  }

  #togglePicker() {
    this.#pickerOpen = part("picker").hidden;
    this.#showPicker();
    if (this.#pickerOpen) part("picker").scrollIntoView();
    (this.#pickerOpen ? part("picker-heading") : part("language")).focus({ preventScroll: true });
  }

  // No live region: that a person came or went is also said by a message.
  #showPerson() {
    const { person, author, strings } = this.session;
    part("person").hidden = person !== "joined" || !author;
    part("person").replaceChildren(...(part("person").hidden ? [] : [say("span", "page_with_person", strings, {}, author)]));
  }

  #showPicker() {
    if (!this.#pickerOpen) part("picker-error").textContent = "";
    part("picker-error").hidden = !part("picker-error").textContent;
    part("picker").hidden = !this.#pickerOpen;
    part("language").setAttribute("aria-expanded", String(this.#pickerOpen));
  }

  // Whatever gets the focus must not hide behind the sticky bars (WCAG 2.4.11).
  #keepFocusClearOfBars() {
    const root = document.documentElement.style;
    const [top, toolbar, composer] = [".waymark-top", ".waymark-toolbar", ".waymark-composer"].map((name) => document.querySelector(name));
    const measure = () => {
      root.setProperty("--top-bar", `${top.offsetHeight || toolbar.offsetHeight}px`); // on a low screen only the toolbar sticks
      root.setProperty("--bottom-bar", `${composer.offsetHeight}px`);
    };
    const observer = new ResizeObserver(measure);
    for (const bar of [top, toolbar, composer]) observer.observe(bar);
  }
}
