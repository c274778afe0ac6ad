/* The time zone in the settings, which is this page's alone. The button beside the clock chooses it, too. */
import { make, say } from "../dom.js";
import * as clockZone from "../playback/clock-zone.js";
import * as zones from "../zone.js";

const HINT = "for this page alone: UTC, exchange, local, or a name such as Europe/London";

/** The field; `refresh` shows which it is. */
export function made() {
  const list = make("datalist", { id: "zones" }, ...[zones.UTC, zones.EXCHANGE, zones.LOCAL].map((value) => make("option", { value })));
  const input = make("input", { type: "text", id: "zone-name", list: list.id, autocomplete: "off", spellcheck: "false", "aria-describedby": "zone-hint" });
  const hint = make("small", { id: "zone-hint" }, HINT);
  /** @param {string | null} wrong */
  const complain = (wrong) => {
    input.setAttribute("aria-invalid", String(wrong !== null));
    say(hint, wrong ?? HINT);
  };
  input.addEventListener("change", () => complain(clockZone.choose(input.value)));
  return {
    element: make("div", { class: "field" }, make("label", { for: input.id }, "Time zone"), input, hint, list),
    refresh: () => {
      if (document.activeElement === input || input.getAttribute("aria-invalid") === "true") return;
      input.value = clockZone.inAddress() || zones.UTC;
    },
  };
}
