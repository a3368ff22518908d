/** The smallest value of a function of one number. */

const golden = (3 - Math.sqrt(5)) / 2

/**
 * Finds where a unimodal function on [low, high] is smallest, to `tolerance`, by golden sections and parabolas (Brent 1973,
 * chapter 5; the algorithm of Fortran's FMIN).
 */
export const minimize = (f: (x: number) => number, low: number, high: number, tolerance: number): number => {
  let [a, b] = [low, high]
  let x = a + golden * (b - a)
  let [second, third] = [x, x]
  let fx = f(x)
  let [fSecond, fThird] = [fx, fx]
  let [step, before] = [0, 0]
  for (let turn = 0; turn < 500; turn++) {
    const middle = (a + b) / 2
    const near = 1.5e-8 * Math.abs(x) + tolerance / 3
    if (Math.abs(x - middle) <= 2 * near - (b - a) / 2) return x
    let parabolic = false
    if (Math.abs(before) > near) {
      const r = (x - second) * (fx - fThird)
      const s = (x - third) * (fx - fSecond)
      const sign = s - r > 0 ? -1 : 1
      const p = sign * ((x - third) * s - (x - second) * r)
      const q = Math.abs(2 * (s - r))
      if (Math.abs(p) < Math.abs((q * before) / 2) && p > q * (a - x) && p < q * (b - x)) {
        parabolic = true
        before = step
        step = p / q
        const at = x + step
        if (at - a < 2 * near || b - at < 2 * near) step = middle >= x ? near : -near
      }
    }
    if (!parabolic) {
      before = x >= middle ? a - x : b - x
      step = golden * before
    }
    const u = x + (Math.abs(step) >= near ? step : step >= 0 ? near : -near)
    const fu = f(u)
    if (fu <= fx) {
      if (u >= x) a = x
      else b = x
      ;[third, fThird, second, fSecond, x, fx] = [second, fSecond, x, fx, u, fu]
    } else {
      if (u < x) a = u
      else b = u
      if (fu <= fSecond || second === x) [third, fThird, second, fSecond] = [second, fSecond, u, fu]
      else if (fu <= fThird || third === x || third === second) [third, fThird] = [u, fu]
    }
  }
  return x
}
