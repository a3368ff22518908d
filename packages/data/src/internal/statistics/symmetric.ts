/** Covariances and the eigenvectors of symmetric matrices, row by row in typed arrays. */
import type { Numbers } from "../../RowId.ts"

/** Rows are multiplied so many at a time: an entry is then loaded and stored once for all of them. */
const together = 8

/** Adds to each entry on or above the diagonal the products of two columns' numbers. */
const addProducts = (block: Float64Array, width: number, out: Float64Array): void => {
  for (let i = 0; i < width; i++) {
    const at = i * together
    const a = block[at]
    const b = block[at + 1]
    const c = block[at + 2]
    const d = block[at + 3]
    const e = block[at + 4]
    const f = block[at + 5]
    const g = block[at + 6]
    const h = block[at + 7]
    for (let j = i; j < width; j++) {
      const to = j * together
      const first = a * block[to] + b * block[to + 1] + (c * block[to + 2] + d * block[to + 3])
      const second = e * block[to + 4] + f * block[to + 5] + (g * block[to + 6] + h * block[to + 7])
      out[i * width + j] += first + second
    }
  }
}

/** Computes the sample covariance (divided by n - 1) of rows of `width` numbers around their means. */
export const covariance = (values: Numbers, mean: Float64Array): Float64Array => {
  const width = mean.length
  const out = new Float64Array(width * width)
  const block = new Float64Array(width * together)
  const rows = values.length / width
  for (let start = 0; start < rows; start += together) {
    const size = Math.min(together, rows - start)
    if (size < together) block.fill(0)
    for (let row = 0; row < size; row++) {
      const from = (start + row) * width
      for (let column = 0; column < width; column++)
        block[column * together + row] = values[from + column] - mean[column]
    }
    addProducts(block, width, out)
  }
  for (let i = 0; i < width; i++) {
    for (let j = i; j < width; j++) {
      out[i * width + j] /= Math.max(1, rows - 1)
      out[j * width + i] = out[i * width + j]
    }
  }
  return out
}

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
