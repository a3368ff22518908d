/** The normal distribution. */

const horner = (coefficients: ReadonlyArray<number>, x: number): number => {
  let sum = 0
  for (let power = coefficients.length - 1; power >= 0; power--) sum = sum * x + coefficients[power]
  return sum
}

const centre = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
  33430.57558358813, 2509.0809287301227
]
const underCentre = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943,
  5226.495278852854
]
const tail = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414
]
const underTail = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9
]

/**
 * The number below which a share of the standard normal distribution lies, for shares from 1e-10 to 1 - 1e-10 to 16 digits
 * (Wichura 1988, algorithm AS 241).
 */
export const quantile = (share: number): number => {
  const distance = share - 0.5
  if (Math.abs(distance) <= 0.425) {
    const r = 0.180625 - distance * distance
    return (distance * horner(centre, r)) / horner(underCentre, r)
  }
  const r = Math.sqrt(-Math.log(distance < 0 ? share : 1 - share)) - 1.6
  return (Math.sign(distance) * horner(tail, r)) / horner(underTail, r)
}
