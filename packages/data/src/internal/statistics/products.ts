/** Products of columns, row by row. */

/** Rows are multiplied so many at a time that their products stay in the processor's nearest cache. */
const productsTogether = 8192

/** Writes products of two columns into a third, and as float32 every `stride` places; NaN if one is none or too large. */
const multiplyTwo = (
  [left, right, into]: ReadonlyArray<Float64Array>,
  rows: number,
  out: Float32Array,
  start: number,
  stride: number
): number => {
  let odd = 0
  for (let row = 0, to = start; row < rows; row++, to += stride) {
    const value = left[row] * right[row]
    into[row] = value
    const rounded = Math.fround(value)
    out[to] = rounded
    odd += rounded - rounded
  }
  return odd
}

/** Multiplies the columns of each product, that of all but its last column times the last; says whether all are finite. */
export const multiply = (
  columns: ReadonlyArray<Float64Array>,
  factors: ReadonlyArray<ReadonlyArray<number>>,
  out: Float32Array
): boolean => {
  const places = new Map(factors.map((product, place) => [product.join(), place]))
  const terms = factors.map((product) => ({
    before: places.get(product.slice(0, -1).join()),
    first: product[0],
    last: product[product.length - 1]
  }))
  const count = factors.length
  const length = out.length / count
  const size = Math.max(8, Math.floor(productsTogether / count))
  const made = factors.map(() => new Float64Array(size))
  let odd = 0
  for (let start = 0; start < length; start += size) {
    const own = columns.map((column) => column.subarray(start, start + size))
    terms.forEach(({ before, first, last }, place) => {
      const three = [before === undefined ? own[first] : made[before], own[last], made[place]]
      odd += multiplyTwo(three, own[0].length, out, start * count + place, count)
    })
  }
  return odd === 0
}
