/* The layouts in the settings: choose one, keep what is shown as one's own, name it, hand it out and take one in. */
import { make, say } from "../dom.js";
import * as options from "../options.js";
import * as address from "../playback/address.js";
import { current } from "../state.js";
import * as workspace from "../workspace.js";

const SURE_WITHIN_MS = 4000;
const SAID = "layout-said";
const LINK = " link"; // no own layout begins with a space

/** The drawings of an instrument, as they are handed over and taken in.
 * @type {{ exported(instrument: string): { drawings: readonly unknown[], views: object }, imported(given: unknown): { instrument: string, added: number, refused: number } | { error: string } }} */
let drawings = { exported: () => ({ drawings: [], views: {} }), imported: () => ({ error: "there are no drawings here" }) };

/** @param {typeof drawings} given */
export function connect(given) {
  drawings = given;
}

/** @param {string} text
 * @param {string} title
 * @param {() => void} act */
function action(text, title, act) {
  const button = make("button", { type: "button", title }, text);
  button.addEventListener("click", act);
  return button;
}

/* What is shown, as the value of the choice. */
function shown() {
  const { own, isLinked } = options.shownFrom();
  if (isLinked) return LINK;
  return own ? `own ${own}` : options.options().preset;
}

/** @param {string} value */
function choose(value) {
  if (options.isPreset(value)) options.choose(value);
  else if (value.startsWith("own ")) options.chooseOwn(value.slice(4));
}

/** @param {string} text
 * @param {string} name of the file */
function download(text, name) {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: url, download: `${name.replaceAll(/[^\p{L}\p{N}._ -]/gu, "_")}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), SURE_WITHIN_MS);
}

/** The choice of layouts; `fill` lists those that there are.
 * @param {HTMLSelectElement} select */
function fill(select) {
  const { isLinked } = options.shownFrom();
  const names = options.ownNames();
  const key = JSON.stringify([names, isLinked]);
  if (select.dataset.listed !== key) {
    select.dataset.listed = key;
    const presets = Object.entries(options.LABELS).map(([value, label]) => make("option", { value }, label));
    const own = names.map((name) => make("option", { value: `own ${name}` }, name));
    select.replaceChildren(
      make("optgroup", { label: "Presets" }, ...presets),
      ...(own.length ? [make("optgroup", { label: "Your own" }, ...own)] : []),
      ...(isLinked ? [make("option", { value: LINK }, "From the link")] : []),
    );
  }
  select.value = shown();
}

/** A button that asks once more before it acts.
 * @param {() => boolean} isPossible
 * @param {() => void} act */
function deleting(isPossible, act) {
  let isSure = false;
  const button = make("button", { type: "button", title: "delete this layout of yours" }, "Delete");
  const calm = () => {
    isSure = false;
    say(button, "Delete");
  };
  button.addEventListener("click", () => {
    if (!isPossible()) return;
    if (isSure) {
      calm();
      act();
      return;
    }
    isSure = true;
    say(button, "Delete it?");
    setTimeout(calm, SURE_WITHIN_MS);
  });
  button.addEventListener("blur", calm);
  return button;
}

/** A name to type, and what is done with it.
 * @param {(text: string) => void} tell */
function naming(tell) {
  const input = make("input", { type: "text", id: "layout-name", autocomplete: "off", spellcheck: "false", "aria-describedby": SAID });
  /** @param {(name: string) => void} act */
  const named = (act) => {
    const { name, error } = options.nameOf(input.value, options.ownNames());
    input.setAttribute("aria-invalid", String(error !== ""));
    if (!error) {
      act(name);
      input.value = "";
    }
    tell(error || `"${name}" is kept in this browser.`);
  };
  const keep = action("Save as", "keep what is shown as a layout of your own with the name above", () => named((name) => options.saveAs(name)));
  const rename = action("Rename", "give this layout of yours the name above", () => named(options.rename));
  const remove = deleting(() => own() !== "", () => {
    const name = own();
    options.remove();
    tell(`"${name}" is deleted.`);
  });
  const field = make("div", { class: "field" }, make("label", { for: input.id }, "Name"), input);
  return { field, buttons: [keep, rename, remove], ofOwn: [rename, remove] };
}

/** What came of the drawings of a file, in words. Pure.
 * @param {ReturnType<typeof drawings.imported>} taken */
export function drawnFrom(taken) {
  if ("error" in taken) return `Its drawings are left out: ${taken.error}.`;
  const { instrument, added, refused } = taken;
  return `Drawings of ${instrument}: ${added} added${refused ? `, ${refused} left out` : ""}.`;
}

/** Takes a layout in from a file, as one of the user's own.
 * @param {(text: string) => void} tell */
function taking(tell) {
  const file = make("input", { type: "file", id: "layout-file", accept: ".json,application/json", "aria-label": "file with a layout" });
  file.hidden = true;
  async function take() {
    const [given] = file.files ?? [];
    if (!given) return;
    const read = workspace.imported(await given.text());
    file.value = ""; // the same file may be chosen again
    if (read.error !== undefined) {
      tell(`${given.name}: ${read.error}.`);
      return;
    }
    const names = options.ownNames();
    const name = options.freeName(read.name, names);
    const { error } = options.nameOf(name, names);
    const drawn = error || read.drawings === null ? "" : drawnFrom(drawings.imported(read.drawings));
    if (!error) options.saveAs(name, read.options);
    tell(error || [`"${name}" is kept in this browser.`, drawn, ...read.notes.map((note) => `${note}.`)].filter(Boolean).join(" "));
  }
  file.addEventListener("change", () => {
    void take();
  });
  return { file, button: action("Import", "a layout from a file, kept as one of your own", () => file.click()) };
}

/** Gives out a link to what is shown; it is hidden once that is no longer so.
 * @param {(text: string) => void} tell */
function linking(tell) {
  const link = make("input", { type: "text", id: "layout-link", readonly: "", "aria-label": "link to this layout" });
  link.hidden = true;
  let of = options.options();
  async function copy() {
    const url = address.link();
    link.hidden = url === null;
    if (url === null) {
      tell("This layout is too long for a link: export it as a file.");
      return;
    }
    of = options.options();
    link.value = url;
    link.select();
    // Browsers have a clipboard for pages of this machine and over https alone.
    const isCopied = await Promise.resolve(navigator.clipboard?.writeText(url).then(() => true)).catch(() => false);
    tell(isCopied ? "The link is copied." : "Copy the link above.");
  }
  const button = action("Copy link", "an address with this layout and the time that is shown", () => {
    void copy();
  });
  const refresh = () => {
    if (options.options() !== of) link.hidden = true;
  };
  return { link, button, refresh };
}

const own = () => options.shownFrom().own;

function hand() {
  const name = own();
  const { about } = current();
  const given = about ? drawings.exported(about.instrument) : null;
  const has = given !== null && (given.drawings.length > 0 || Object.keys(given.views).length > 0);
  download(workspace.exported(name, options.options(), has ? given : undefined), name || options.LABELS[options.options().preset]);
}

/** The section; `refresh` shows what there is now. */
export function made() {
  const select = make("select", { id: "layout-choice" });
  select.addEventListener("change", () => choose(select.value));
  const said = make("small", { id: SAID, role: "status" });
  /** @param {string} text */
  const tell = (text) => say(said, text);
  const [name, taken, linked] = [naming(tell), taking(tell), linking(tell)];
  const give = action("Export", "what is shown, as a file", hand);
  return {
    element: make(
      "section",
      { "aria-label": "Layout" },
      make("h3", {}, "Layout"),
      make("div", { class: "field" }, make("label", { for: select.id }, "Shown"), select),
      name.field,
      make("div", { class: "actions" }, ...name.buttons, give, taken.button, linked.button),
      ...[linked.link, taken.file, said],
    ),
    refresh: () => {
      fill(select);
      linked.refresh();
      for (const button of name.ofOwn) button.disabled = own() === "";
    },
  };
}
