/**
 * The float64 that a decimal number's text means. Texts are read by the engine's own conversion, which is exact; what it
 * takes beyond decimal numbers is refused first, and so are whole numbers that no float64 holds.
 */

const decimal = /^[ \t\n\v\f\r]*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[ \t\n\v\f\r]*$/
const whole = /^\s*[-+]?(\d+)\s*$/

/** Whole numbers from here on may be none that a float64 holds; from the second on they are refused. */
const [exact, mostWhole] = [2 ** 53, 2 ** 127]

/** Returns the number, or NaN where the text is none that is finite. */
export const ofText = (text: string): number => {
  const value = decimal.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) return Number.NaN
  if (Math.abs(value) < exact) return value
  const digits = whole.exec(text)?.[1]
  return digits === undefined || isWritten(digits, Math.abs(value)) ? value : Number.NaN
}

/** Tells whether digits are those of a float64: its exact value, or its shortest text with zeros behind. */
const isWritten = (digits: string, value: number): boolean => {
  if (value >= mostWhole) return false
  const [significant, exponent] = value.toExponential().split("e")
  const written = significant.replace(".", "").padEnd(Number(exponent) + 1, "0")
  return [BigInt(value), BigInt(written)].includes(BigInt(digits))
}
