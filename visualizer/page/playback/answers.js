/* What a command has led to, for those who do not see it. Pure. */
import * as format from "../format.js";
import * as interval from "./interval.js";

/** A sentence for a command that was carried out; empty where the state of the replay, which is said anyway, tells it.
 * @param {string} action
 * @param {Record<string, unknown>} args
 * @param {string} clock the event time now, as it is shown */
export function said(action, args, clock) {
  if (action === "seek" || action === "step") return clock;
  if (action === "speed") return args.speed === "max" ? "speed: as fast as it goes" : `speed ${format.speed(Number(args.speed))}`;
  if (action === "interval") return interval.words(String(args.interval));
  if (action === "instrument") return `instrument ${args.instrument}`;
  if (action === "range") return args.start_ms === undefined ? "loops no more" : "loops over the range";
  return "";
}
