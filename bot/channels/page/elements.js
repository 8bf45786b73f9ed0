// What the page is built of. Text enters it as text nodes only, never as markup.

/** An element with attributes (null and false leave one out) and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A page string with its places filled: "{name} is writing". */
export const fill = (text, values) => (text ?? "").replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);

/** An element that shows a page string; `sayAgain` rewrites it when the language changes. */
export const say = (tag, name, strings, attributes = {}, values = null) =>
  make(tag, { ...attributes, "data-string": name, "data-values": values && JSON.stringify(values) }, fill(strings[name], values ?? {}));

/** Writes the page string that an element shows once more, from these strings. */
export function sayAgain(element, strings) {
  element.textContent = fill(strings[element.dataset.string], JSON.parse(element.dataset.values ?? "{}"));
}

export const button = (label, kind, attributes = {}) => make("button", { type: "button", class: `nhsuk-button nhsuk-button--${kind}`, ...attributes }, label);
