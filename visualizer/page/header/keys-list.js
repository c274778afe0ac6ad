/* The list of keys, gestures and words: a dialog over the page, which is filled when it is first opened. */
import { byId, make, within } from "../dom.js";
import { words } from "../words.js";

const dialog = () => /** @type {HTMLDialogElement} */ (byId("keys"));
export const isOpen = () => dialog().open;

/** @param {string} group
 * @param {[Node | string, string][]} entries */
function section(group, entries) {
  const rows = entries.flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]);
  return make("section", {}, make("h3", {}, group), make("dl", {}, ...rows));
}

function build() {
  /** @type {[string, [string, string][]][]} */
  const groups = JSON.parse(byId("app").dataset.keys ?? "[]");
  const keys = groups.map(([group, entries]) => section(group, entries.map(([key, text]) => [make("kbd", {}, key), text])));
  const close = make("button", { id: "keys-close", type: "button", autofocus: "", "aria-label": "close the list" }, "×");
  const head = make("header", {}, make("h2", {}, "Keys, gestures and words"), close);
  return make("div", { id: "keys-body" }, head, make("div", { id: "keys-list" }, ...keys, section("Words", Object.entries(words()))));
}

export function open() {
  const shown = dialog();
  if (!shown.firstChild) fill(shown);
  if (!shown.open) shown.showModal();
}

/** @param {HTMLDialogElement} shown */
function fill(shown) {
  shown.append(build());
  let begunOutside = false; // what is marked in the list may end beside it
  shown.addEventListener("pointerdown", ({ target }) => {
    begunOutside = target === shown;
  });
  shown.addEventListener("click", (event) => {
    if (within(event, "#keys-close") || (begunOutside && event.target === shown)) shown.close();
  });
}
