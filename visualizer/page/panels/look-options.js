/* The section "Page" of the chart options: how this browser shows the page, in every view. */
import { make } from "../dom.js";
import { CHOICES, listen, looks, set } from "../looks.js";
/** @import { Looks } from "../types.d.ts" */

/** What the section offers, from the top.
 * @type {readonly { name: keyof Looks, label: string }[]} */
const OFFERED = [
  { name: "theme", label: "Theme" },
  { name: "palette", label: "Rising and falling" },
  { name: "candles", label: "Candles" },
  { name: "type", label: "Type size" },
  { name: "numbers", label: "Numbers" },
];

/** @param {keyof Looks} name
 * @param {string} label */
function choice(name, label) {
  const select = make("select", { id: `look-${name}` }, ...Object.entries(CHOICES[name]).map(([value, text]) => make("option", { value }, text)));
  select.addEventListener("change", () => set({ [name]: select.value }));
  const show = () => {
    select.value = looks()[name];
  };
  show();
  listen(show);
  return make("div", { class: "field" }, make("label", { for: select.id }, label), select);
}

/* The section; there is one. */
export const made = () =>
  make(
    "section",
    { "aria-label": "Page" },
    make("h3", {}, "Page"),
    ...OFFERED.map(({ name, label }) => choice(name, label)),
    make("p", {}, "For every view, and for this browser alone."),
  );
