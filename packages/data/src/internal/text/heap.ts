/** A binary heap: what comes before all others is popped first. */

/** A heap of values. */
export interface Heap<A> {
  readonly push: (value: A) => void
  readonly pop: () => A | undefined
}

/** Makes an empty heap. `before` must be a strict order; values that it does not tell apart come in any order. */
export const make = <A>(before: (one: A, other: A) => boolean): Heap<A> => {
  const values: Array<A> = []
  const rise = (value: A, from: number): void => {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!before(value, values[parent])) break
      values[place] = values[parent]
      place = parent
    }
    values[place] = value
  }
  const sink = (value: A): void => {
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= values.length) break
      if (child + 1 < values.length && before(values[child + 1], values[child])) child++
      if (!before(values[child], value)) break
      values[place] = values[child]
      place = child
    }
    values[place] = value
  }
  return {
    push: (value) => rise(value, values.length),
    pop: () => {
      const [first] = values
      const last = values.pop()
      if (last !== undefined && values.length > 0) sink(last)
      return first
    }
  }
}
