/* Writing into the page: an element is touched only when its text or attribute changes. */
const held = new Map();

function changed(id, what, value) {
  const key = `${id} ${what}`;
  if (held.get(key) === value) return null;
  const found = document.getElementById(id);
  if (!found) return null;
  held.set(key, value);
  return found;
}

export function text(id, value) {
  const found = changed(id, "text", value);
  if (found) found.textContent = value;
}

export function mark(id, name, value) {
  const found = changed(id, name, value);
  if (found) found.dataset[name] = value;
}

export function hide(id, hidden) {
  const found = changed(id, "hidden", hidden);
  if (found) found.hidden = hidden;
}

export function style(id, name, value) {
  const found = changed(id, name, value);
  if (found) found.style.setProperty(name, value);
}
