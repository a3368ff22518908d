/** Numbers and signals: noise, shifts in time, factors, covered stretches. A signal's channels of one step lie together. */
import type { MaskTime, Noise, ScaleSignal, TimeShift } from "../../augment/Operation.ts"
import type { Draws } from "../loader/fill.ts"
import type { Kernel, Planned } from "./planned.ts"

const unit = 2 ** -32

/** Adds normal noise. */
export const noise = ({ deviation, offset, operation, size }: Planned<Noise>, draws: Draws): Kernel => {
  const spread = operation.standardDeviation * deviation
  return {
    words: 3,
    run: ({ count, features, width }, words) => {
      for (let row = 0; row < count; row++) {
        if (words[3 * row] * unit >= operation.probability) continue
        const drawn = draws.normal({ hi: words[3 * row + 1], lo: words[3 * row + 2] }, size)
        const from = row * width + offset
        for (let place = 0; place < size; place++) features[from + place] += spread * drawn[place]
      }
    }
  }
}

/** Shifts signals by whole steps. */
export const timeShift = ({ offset, operation, shape, size }: Planned<TimeShift>): Kernel => {
  const [length, , channels] = shape
  const { fill, steps } = operation
  const scratch = new Float32Array(size)
  const shift = (values: Float32Array, from: number, by: number): void => {
    for (let step = 0; step < length; step++) {
      const source = step - by
      const isInside = source >= 0 && source < length
      const nearest =
        fill === "wrap" ? (source + length) % length : source < 0 ? 0 : source >= length ? length - 1 : source
      for (let channel = 0; channel < channels; channel++) {
        scratch[step * channels + channel] =
          isInside || typeof fill !== "number" ? values[from + nearest * channels + channel] : fill
      }
    }
    values.set(scratch, from)
  }
  return {
    words: 2,
    run: ({ count, features, width }, words) => {
      for (let row = 0; row < count; row++) {
        if (words[2 * row] * unit >= operation.probability) continue
        const by = Math.floor(words[2 * row + 1] * unit * (2 * steps + 1)) - steps
        if (by !== 0) shift(features, row * width + offset, by)
      }
    }
  }
}

/** Multiplies signals by a factor each. */
export const scale = ({ offset, operation, size }: Planned<ScaleSignal>): Kernel => ({
  words: 2,
  run: ({ count, features, width }, words) => {
    for (let row = 0; row < count; row++) {
      if (words[2 * row] * unit >= operation.probability) continue
      const factor = 1 + (2 * words[2 * row + 1] * unit - 1) * operation.by
      const from = row * width + offset
      for (let place = 0; place < size; place++) features[from + place] *= factor
    }
  }
})

/** Covers steps that follow each other. */
export const maskTime = ({ offset, operation, shape }: Planned<MaskTime>): Kernel => {
  const [length, , channels] = shape
  return {
    words: 3,
    run: ({ count, features, width }, words) => {
      for (let row = 0; row < count; row++) {
        if (words[3 * row] * unit >= operation.probability) continue
        const covered = Math.floor(words[3 * row + 1] * unit * (operation.steps + 1))
        const first = Math.floor(words[3 * row + 2] * unit * (length - covered + 1))
        const from = row * width + offset
        features.fill(operation.fill, from + first * channels, from + (first + covered) * channels)
      }
    }
  }
}
