const MODULUS = 2 ** 31 - 1;

/** Whole numbers below a bound, the same ones each time for a seed (the generator of Lehmer).
 * @param {number} seed from 1 on */
export function random(seed) {
  let state = seed;
  /** @param {number} bound */
  return (bound) => {
    state = (state * 48_271) % MODULUS;
    return Math.floor((state / MODULUS) * bound);
  };
}
