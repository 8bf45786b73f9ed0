// What the patient sees of one message.

import { button, fill, make, say } from "./elements.js";

const DIGITS = /\+?\d[\d -]*\d/g;
const OWN_PAGE = new RegExp(`${location.origin}/[\\w/-]+`, "g"); // links lead nowhere but to this site
const PHONE = /^(999|112|111|116[ -]?123|(\+44|0)([ -]?\d){9,10})$/;
const SENDER_STRING = { patient: "page_you", bot: "page_assistant", coordinator: "page_coordinator" };
const LONGEST_CARD_HEADING = 90;
const ISOLATE = "\u2068"; // around names of another script; the server takes it out of what a patient types
const CONCEALED = "•••"; // what the server shows of an identifier (page_data.py)
const PROVIDERS = { libretranslate: "LibreTranslate", deepl: "DeepL", microsoft: "Microsoft Translator", google: "Google Translate" };

/** The list item of a message: who, what, when, and how its sending went. */
export function messageItem(item, session) {
  const card = item.kind === "card";
  const li = make("li", { class: `waymark-message waymark-message--${card ? "card" : item.sender}`, tabindex: "-1",
    "data-key": item.key, "data-seq": item.seq, lang: item.language, dir: item.dir });
  li.append(meta(item, session), card ? careCard(item, session) : make("div", { class: "waymark-message__text" }, ...paragraphs(item, session)), ...translation(item, session), ...file(item, session));
  const outcome = sending(item, session);
  if (outcome) li.append(outcome);
  return li;
}

/** Who wrote a message, as one says it: "Amara, care coordinator". */
export const authorOf = (item, { strings }) => fill(strings[authorString(item)], item.author ?? {});

/** The time of day, with the date when it isn't today, as the page's language writes it. */
export function clock(at, language) {
  const when = new Date(at);
  const locale = language === "en" ? "en-GB" : language;
  const today = when.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(locale, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" }).format(when);
}

const authorString = (item) => (item.author ? "page_author" : SENDER_STRING[item.sender]);

// Labels speak the page's language, which may differ from the message's; View.speak keeps them up to date.
const ofThePage = ({ language, dir }) => ({ lang: language, dir, "data-page-language": "" });

function meta(item, session) {
  return make("p", { class: "waymark-message__meta", ...ofThePage(session) },
    say("strong", authorString(item), session.strings, {}, item.author), " ",
    make("time", { datetime: item.at }, clock(item.at, session.language)));
}

// A coordinator writes English. What a machine made of it may be wrong, so the original stays within reach.
function translation(item, session) {
  if (!item.machine) return [];
  const provider = PROVIDERS[item.machine] ?? item.machine;
  const label = say("p", "page_machine_translated", session.strings, { class: "waymark-message__translated", ...ofThePage(session) }, { provider });
  if (!item.original) return [label];
  return [label, make("details", { class: "waymark-original" },
    say("summary", "page_original", session.strings, ofThePage(session)),
    make("div", { class: "waymark-original__text", lang: "en", dir: "ltr" }, ...item.original.split(/\n{2,}/).map((text) => make("p", {}, ...withLinks(text)))))];
}

// An ordinary link: the browser gives the file to the patient's own calendar.
const file = (item, session) => (item.file ? [make("p", ofThePage(session), say("a", "page_calendar_file", session.strings, { href: item.file, download: "appointment.ics" }))] : []);

function paragraphs(item, session, texts = item.text.split(/\n{2,}/)) {
  // People mix scripts, so each paragraph that a person wrote finds its own direction.
  // Our own sentences, as a quick reply with isolated names is one too, have the message's.
  const dir = item.sender === "bot" || item.text.includes(ISOLATE) ? null : "auto";
  const written = item.sender === "patient" ? (text) => [text] : withLinks;
  return texts.map((text) => make("p", { dir }, ...withConcealed(text, session, written)));
}

// A row of dots says nothing to a screen reader.
function withConcealed(text, session, written) {
  return text.split(CONCEALED).flatMap((part, index) => index === 0 ? written(part) : [
    make("span", { "aria-hidden": "true" }, CONCEALED),
    say("span", "page_concealed", session.strings, { class: "nhsuk-u-visually-hidden" }), ...written(part)]);
}

function withLinks(text) {
  const [start, ...rest] = text.split(OWN_PAGE);
  const links = (text.match(OWN_PAGE) ?? []).map((url) => make("a", { href: url, target: "_blank", rel: "noopener", dir: "ltr" }, url));
  return [...withPhoneLinks(start), ...rest.flatMap((part, index) => [links[index], ...withPhoneLinks(part)])];
}

function withPhoneLinks(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(DIGITS)) {
    const number = match[0];
    if (!PHONE.test(number) || partOfMore(text, match.index, number.length)) continue;
    // Left to right: in Arabic text the groups of a number would otherwise change places.
    parts.push(text.slice(end, match.index), make("a", { href: `tel:${number.replace(/[ -]/g, "")}`, dir: "ltr" }, number));
    end = match.index + number.length;
  }
  return [...parts, text.slice(end)];
}

// "3/111", "0.999" and "AB111" are no phone numbers; "拨打999" is one.
const partOfMore = (text, start, length) =>
  /[\w/.,:#£-]$/.test(text.slice(0, start)) || /^([A-Za-z%]|[/.,:]\d)/.test(text.slice(start + length));

function careCard(item, session) {
  const [first, ...rest] = item.text.split(/\n{2,}/);
  const headed = rest.length > 0 && first.length <= LONGEST_CARD_HEADING;
  const heading = headed
    ? make("h3", { class: "nhsuk-card__heading" }, ...withLinks(first))
    : say("h3", "page_card_heading", session.strings, { class: "nhsuk-card__heading", ...ofThePage(session) });
  return make("div", { class: "nhsuk-card nhsuk-card--care nhsuk-card--care--emergency" },
    make("div", { class: "nhsuk-card__heading-container" }, heading, make("span", { class: "nhsuk-card--care__arrow", "aria-hidden": "true" })),
    make("div", { class: "nhsuk-card__content" }, ...paragraphs(item, session, headed ? rest : [first, ...rest])));
}

function sending(item, session) {
  const own = { class: "waymark-message__outcome", ...ofThePage(session) };
  if (item.status === "sending") return say("p", "page_sending", session.strings, own);
  if (item.status === "delayed") return say("p", "page_not_sent", session.strings, own);
  if (item.status !== "refused") return null;
  const reason = item.error ? make("p", { class: "nhsuk-error-message" }, item.error) : say("p", "page_refused", session.strings, { class: "nhsuk-error-message" });
  const again = button("", "secondary-solid", { "data-again": item.key });
  const edit = button("", "secondary-solid", { "data-edit": item.key });
  again.append(say("span", "page_try_again", session.strings));
  edit.append(say("span", "page_edit", session.strings));
  return make("div", own, reason, again, ...(item.pressed ? [] : [edit]));
}
