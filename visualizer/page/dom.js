/* Elements of the page. */

/** The element of an id that the page has from the start.
 * @param {string} id
 * @returns {HTMLElement} */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** The button of an id.
 * @param {string} id
 * @returns {HTMLButtonElement} */
export const button = (id) => /** @type {HTMLButtonElement} */ (byId(id));

/** Whether what an event happened to is, or is in, something that a selector finds.
 * @param {Event} event
 * @param {string} selector */
export const within = ({ target }, selector) => target instanceof Element && target.closest(selector) !== null;

/** An element of its own, with these attributes and children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]} */
export function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Writes a text into an element, if it has another one. Its only text stays the node that it is, which costs the least.
 * @param {Element} element
 * @param {string} text */
export function say(element, text) {
  const { firstChild } = element;
  if (firstChild instanceof Text && firstChild === element.lastChild && text) {
    if (firstChild.data !== text) firstChild.data = text;
  } else if (element.textContent !== text) element.textContent = text;
}

/** Hides an element or shows it; an attribute that is written as it was has its styles computed again.
 * @param {HTMLElement} element
 * @param {boolean} isHidden */
export function hide(element, isHidden) {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

/** Shows or hides a part of what lies over a canvas.
 * @param {Element} part
 * @param {boolean} visible */
export const show = (part, visible) => part.classList.toggle("shown", visible);
