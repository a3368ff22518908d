/**
 * The operations that blend a row with another, and their labels too: what `Augment` has of them. The other row is any
 * train row, drawn by the row's key and augmented by the operations before as in its own place; so a blend depends on the
 * row and the epoch, not on the batch. A batch's target is then a distribution over the levels, or the blended number.
 */
import type { Columns } from "../Columns.ts"
import { type Accepts, type Augment, adding, within } from "./Describe.ts"
import type { Chance } from "./Images.ts"
import { type Mixing, isMixing } from "./Operation.ts"

/** How much to blend. */
export interface MixOptions extends Chance {
  /** The share of a row that is its own is drawn from Beta(alpha, alpha). */
  readonly alpha?: number
}

const only = <C extends Columns>({ operations }: Augment<C>, added: Mixing): void => {
  const other = operations.find(isMixing)
  if (other !== undefined) {
    throw new RangeError(`Augment.${added.name}: labels are blended by ${other.name} already; take one of the two`)
  }
}

const alphaOf = (verb: string, alpha: number): number => within(verb, "alpha", alpha, 0.001, 1000)

/**
 * Blends all features and the label of a row with those of another, `share · own + (1 - share) · other` with a share drawn
 * from Beta(alpha, alpha) for each row (Zhang et al. 2018); `alpha` is 0.2 unless given. For images and tables alike;
 * never for ids. Throws a `RangeError` when labels are blended already.
 *
 * @example
 * import { Augment, Column } from "@watertight/data"
 * const augment = Augment.forColumns({ dose: Column.float, risk: Column.float }).pipe(Augment.mixup({ alpha: 0.4 }))
 * augment.operations // => [{ name: "mixup", version: 1, alpha: 0.4, probability: 1 }]
 */
export const mixup =
  (options: MixOptions = {}) =>
  <C extends Columns>(augment: Augment<C>): Augment<C> =>
    adding(augment, "", () => {
      const operation = {
        name: "mixup",
        version: 1,
        alpha: alphaOf("mixup", options.alpha ?? 0.2),
        probability: within("mixup", "probability", options.probability ?? 1, 0, 1)
      } as const
      only(augment, operation)
      return operation
    })

/**
 * Pastes a rectangle of another row's image, and blends the label by the rectangle's share of the image (CutMix, Yun et
 * al. 2019). The share aimed at is drawn from Beta(alpha, alpha), `alpha` being 1 unless given; a rectangle that reaches
 * beyond the edge is cut there, and the label follows what is left. Other features stay the row's own. Throws a
 * `RangeError` when labels are blended already.
 */
export const cutmix =
  <const Name extends string>(column: Name, options: MixOptions = {}) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "image", "cutmix">): Augment<C> =>
    adding(augment, column, () => {
      const operation = {
        name: "cutmix",
        version: 1,
        column,
        alpha: alphaOf("cutmix", options.alpha ?? 1),
        probability: within("cutmix", "probability", options.probability ?? 1, 0, 1)
      } as const
      only(augment as Augment<C>, operation) // Accepts takes augmentations only
      return operation
    })
