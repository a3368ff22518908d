/** What codes of levels become, written into arrays of zeros. */

/** Puts a number in the place of each code. */
export const numbersOf = (codes: Int32Array, numbers: ReadonlyArray<number>, out: Float64Array): void => {
  for (let row = 0; row < codes.length; row++) out[row] = numbers[codes[row]]
}

/** Puts 1 in the place of each missing code. */
export const markMissing = (codes: Int32Array, out: Float64Array): void => {
  for (let row = 0; row < codes.length; row++) out[row] = codes[row] < 0 ? 1 : 0
}

/** Gives each row `width` numbers, of which the one at the place of its code becomes 1. */
export const oneHot = (codes: Int32Array, places: ReadonlyArray<number>, width: number, out: Float32Array): void => {
  for (let row = 0; row < codes.length; row++) out[row * width + places[codes[row]]] = 1
}
