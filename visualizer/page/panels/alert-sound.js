/* The sound of an alert: off until it is switched on, which this browser remembers. */

const KEPT_AS = "orderflow.alertSound";
const ON = "on";
const PITCH_HZ = 880;
const LOUDNESS = 0.15;
const SILENCE = 0.0001; // a loudness falls to 0 never, in this way
const LENGTH_S = 0.25;

/** @type {AudioContext | null} */
let audio = null;

export const isOn = () => window.localStorage.getItem(KEPT_AS) === ON;

/** @param {boolean} on */
export function set(on) {
  if (on) window.localStorage.setItem(KEPT_AS, ON);
  else window.localStorage.removeItem(KEPT_AS);
}

/** Beeps once. A browser lets a page sound only after somebody has touched it. */
export function beep() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") void audio.resume();
  const [tone, gain] = [audio.createOscillator(), audio.createGain()];
  const now = audio.currentTime;
  tone.frequency.value = PITCH_HZ;
  gain.gain.setValueAtTime(LOUDNESS, now);
  gain.gain.exponentialRampToValueAtTime(SILENCE, now + LENGTH_S);
  tone.connect(gain).connect(audio.destination);
  tone.start(now);
  tone.stop(now + LENGTH_S);
}
