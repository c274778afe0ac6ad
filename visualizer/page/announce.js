/* What screen readers hear: one sentence for what happens, and nothing for what only goes on. The element is the only one that speaks
   of the replay: ages, read-outs and lists change too often to be read out. */

const PAUSE_MS = 500; // what follows sooner is waited for, so that a held key is heard once
const PATIENCE_MS = 3000;

/** @type {Map<string, string>} */
const pending = new Map();
/** @type {ReturnType<typeof setTimeout> | null} */
let timer = null;
let sinceMs = 0;

/** Says a sentence as soon as there is a pause; of one subject only the last one.
 * @param {string} subject
 * @param {string} sentence */
export function announce(subject, sentence) {
  if (!sentence) return;
  pending.delete(subject);
  pending.set(subject, sentence);
  const nowMs = performance.now();
  if (timer) clearTimeout(timer);
  else sinceMs = nowMs;
  timer = setTimeout(speak, Math.max(0, Math.min(PAUSE_MS, sinceMs + PATIENCE_MS - nowMs)));
}

function speak() {
  timer = null;
  const element = document.getElementById("announcements");
  if (!element) return; // the page has no components yet: what waits is said with what comes next
  const text = [...pending.values()].join(". ");
  pending.clear();
  // The same words again are news only where the text differs.
  element.textContent = element.textContent === text ? `${text}\u00A0` : text;
}
