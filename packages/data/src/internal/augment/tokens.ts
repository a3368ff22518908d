/** Token ids of a text, replaced one by one: by the id of a mask, or by the id of a synonym. */
import type { MaskTokens, ReplaceTokens } from "../../augment/Operation.ts"
import type { Kernel, Planned } from "./planned.ts"

const unit = 2 ** -32

/** Masks tokens, except those to keep. */
export const maskTokens = ({ offset, operation, size }: Planned<MaskTokens>): Kernel => {
  const kept = new Set(operation.keep)
  return {
    words: size,
    run: ({ count, features, width }, words) => {
      for (let row = 0; row < count; row++) {
        const from = row * width + offset
        for (let place = 0; place < size; place++) {
          if (words[row * size + place] * unit >= operation.probability || kept.has(features[from + place])) continue
          features[from + place] = operation.mask
        }
      }
    }
  }
}

/** Replaces tokens that have synonyms by one of them. */
export const replaceTokens = ({ offset, operation, size }: Planned<ReplaceTokens>): Kernel => {
  const synonyms = new Map(operation.synonyms)
  return {
    words: 2 * size,
    run: ({ count, features, width }, words) => {
      for (let row = 0; row < count; row++) {
        const from = row * width + offset
        for (let place = 0; place < size; place++) {
          const at = 2 * (row * size + place)
          if (words[at] * unit >= operation.probability) continue
          const others = synonyms.get(features[from + place])
          if (others !== undefined) features[from + place] = others[Math.floor(words[at + 1] * unit * others.length)]
        }
      }
    }
  }
}
