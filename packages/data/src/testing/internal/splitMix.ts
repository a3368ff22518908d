/** Numbers for the cases of laws: many from one seed, so that a case shrinks to a seed and a size. */

/** Draws in [0, 1) from a seed (Steele and Vigna's SplitMix, 32 bits). */
export const draws = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
  }
}
