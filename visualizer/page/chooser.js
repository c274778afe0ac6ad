/* A button that opens a small panel above it: a field to type into, and things to choose from. */
let opened = null; // { button, panel, returnTo }

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/* `submit(text)` returns an error as a sentence, or null; `presets` are texts to submit with one click, `hint` what they mean. */
export function open(button, { label, value, placeholder, presets = [], submit }) {
  const again = opened && opened.button === button;
  close(again);
  if (again || button.disabled) return;
  const id = `${button.id}-panel`;
  const returnTo = document.activeElement;
  const input = element("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    placeholder,
    "aria-label": label,
    "aria-describedby": `${id}-error`,
  });
  const error = element("p", { id: `${id}-error`, role: "alert", class: "wrong" });
  error.hidden = true;
  const take = (text) => {
    const wrong = submit(text);
    error.hidden = wrong === null;
    error.textContent = wrong || "";
    input.setAttribute("aria-invalid", String(wrong !== null));
    if (wrong === null) close(true);
  };
  const choices = presets.map(({ text, shown, hint = "", current }) => {
    const choice = element("button", { type: "button", title: hint }, shown);
    if (current) choice.setAttribute("aria-current", "true");
    choice.addEventListener("click", () => take(text));
    return choice;
  });
  const form = element("form", {}, input, element("button", { type: "submit" }, "Go"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(input.value);
  });
  const panel = element("div", { id, class: "panel", role: "dialog", "aria-label": label }, form, error);
  if (choices.length) panel.append(element("div", { class: "choices" }, ...choices));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close(true);
  });
  panel.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !panel.contains(event.relatedTarget) && event.relatedTarget !== button) close();
  });
  button.parentElement.append(panel);
  button.setAttribute("aria-expanded", "true");
  opened = { button, panel, returnTo };
  input.value = value;
  // Within the window, however narrow.
  const beyond = panel.getBoundingClientRect().right - (document.documentElement.clientWidth - 6);
  if (beyond > 0) panel.style.left = `${-beyond}px`;
  input.focus();
  input.select();
}

export function close(refocus = false) {
  if (!opened) return;
  const { button, panel, returnTo } = opened;
  const held = panel.contains(document.activeElement);
  opened = null;
  panel.remove();
  button.setAttribute("aria-expanded", "false");
  // Back to where the focus was: with it on a button, the space bar would open the panel again.
  if (refocus && held && returnTo.isConnected) returnTo.focus({ preventScroll: true });
}

/* Closes what is open when anything else is pressed. */
export function start() {
  document.addEventListener(
    "pointerdown",
    (event) => {
      if (opened && !opened.panel.contains(event.target) && !opened.button.contains(event.target)) close();
    },
    true,
  );
}
