/** The eigenvectors of symmetric matrices, row by row in typed arrays. */

/** A direction and the variance along it. */
export interface Eigen {
  readonly value: number
  readonly vector: Float64Array
}

/**
 * Computes the eigenvectors of a symmetric matrix by Jacobi rotations (Golub and Van Loan, section 8.5), the largest value
 * first. Of a vector and its opposite, both right, it gives the one whose entry of the largest size is positive.
 */
export const eigen = (matrix: Float64Array, width: number): ReadonlyArray<Eigen> => {
  const a = matrix.slice()
  const vectors = new Float64Array(width * width)
  for (let i = 0; i < width; i++) vectors[i * width + i] = 1
  for (let sweep = 0; sweep < 60; sweep++) {
    let rotated = false
    for (let p = 0; p < width; p++) {
      for (let q = p + 1; q < width; q++) rotated = rotate(a, vectors, width, p, q) || rotated
    }
    if (!rotated) break
  }
  return Array.from({ length: width }, (_, i): Eigen => {
    const vector = vectors.slice(i * width, (i + 1) * width)
    const largest = vector.reduce((best, entry) => (Math.abs(entry) > Math.abs(best) ? entry : best), 0)
    return { value: a[i * width + i], vector: largest < 0 ? vector.map((entry) => -entry) : vector }
  }).sort((first, second) => second.value - first.value)
}

/** Makes the entry at (p, q) zero; says whether it was not already, to the precision of float64. */
const rotate = (a: Float64Array, vectors: Float64Array, width: number, p: number, q: number): boolean => {
  const off = a[p * width + q]
  const size = Math.sqrt(Math.abs(a[p * width + p] * a[q * width + q]))
  if (off === 0 || Math.abs(off) <= 1e-16 * size) return false
  const theta = (a[q * width + q] - a[p * width + p]) / (2 * off)
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1))
  if (t === 0) return false
  const c = 1 / Math.hypot(t, 1)
  const s = t * c
  for (let k = 0; k < width; k++) {
    const [kp, kq] = [a[k * width + p], a[k * width + q]]
    a[k * width + p] = c * kp - s * kq
    a[k * width + q] = s * kp + c * kq
  }
  for (let k = 0; k < width; k++) {
    const [pk, qk] = [a[p * width + k], a[q * width + k]]
    a[p * width + k] = c * pk - s * qk
    a[q * width + k] = s * pk + c * qk
    const [vp, vq] = [vectors[p * width + k], vectors[q * width + k]]
    vectors[p * width + k] = c * vp - s * vq
    vectors[q * width + k] = s * vp + c * vq
  }
  a[p * width + q] = 0
  a[q * width + p] = 0
  return true
}
