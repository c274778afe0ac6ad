/* The time zone of the page's times: always visible beside the clock, chosen there, kept in the address. */
import { button as buttonOf } from "../dom.js";
import * as chooser from "./chooser.js";
import { current as state } from "../state.js";
import * as write from "../write.js";
import * as zones from "../zone.js";

let chosen = zones.UTC;
let changed = () => {};

const exchange = () => state().about?.timezone ?? null;

/** The zone of all times, an IANA name. */
export const current = () => zones.zoneOf(chosen, exchange());

/** What the address says of it: nothing of UTC. */
export const inAddress = () => (chosen === zones.UTC ? "" : chosen);

/** A moment as text in that zone, to the millisecond.
 * @param {number | null | undefined} ms */
export const dateTime = (ms) => zones.dateTime(ms, current());

/** What clocks in that zone are called at a moment.
 * @param {number} ms */
export const abbreviation = (ms) => zones.abbreviation(ms, current());

/** What was typed or picked, as it is kept; null where there is no such zone. Pure.
 * @param {string} text */
export function choiceOf(text) {
  const typed = text.trim();
  const word = typed.toLowerCase();
  if (word === zones.EXCHANGE || word === zones.LOCAL) return word;
  if (word === "" || word === "utc") return zones.UTC;
  return zones.exists(typed) ? typed : null;
}

/** Takes a zone that was typed or picked; why it cannot be, null where it is taken.
 * @param {string} text */
export function choose(text) {
  const choice = choiceOf(text);
  if (choice === null) return `"${text.trim()}" is no time zone: try UTC, exchange, local, or a name like Europe/London`;
  if (choice === zones.EXCHANGE && !exchange()) return "The exchange's time zone is not known: the processor's --timezone names it";
  chosen = choice;
  changed();
  return null;
}

export function open() {
  const known = exchange();
  const presets = [
    { text: zones.UTC, shown: "UTC", hint: "" },
    ...(known ? [{ text: zones.EXCHANGE, shown: "exchange", hint: known }] : []),
    { text: zones.LOCAL, shown: "local", hint: zones.zoneOf(zones.LOCAL, null) },
  ];
  chooser.open(buttonOf("zone-button"), {
    label: "time zone of all times",
    value: chosen,
    placeholder: "UTC, exchange, local, Europe/London",
    presets: presets.map((preset) => ({ ...preset, current: preset.text === chosen })),
    submit: choose,
  });
}

/** Shows which it is.
 * @param {number | null} nowMs the event clock */
export function show(nowMs) {
  write.text("zone", zones.abbreviation(nowMs ?? Date.now(), current()));
}

/** Takes it from the address; `onChange` is called after each later choice.
 * @param {() => void} onChange */
export function start(onChange) {
  chosen = choiceOf(new URLSearchParams(window.location.search).get("tz") ?? "") ?? zones.UTC;
  changed = onChange;
}
