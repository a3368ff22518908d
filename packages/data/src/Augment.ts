/**
 * Augmentation: train rows changed a little each time they are read, by operations that leave their meaning as it is. It
 * happens in the loader's workers, is never stored, and takes the train partition only. Every draw is keyed by the row's
 * id, the epoch and the operation, so that no batch size, order, prefetching or resuming changes what becomes of a row.
 * Of a row that a bootstrap or an oversampled class holds more than once, each copy is changed in its own way; rows of a
 * table that are equal by chance are changed alike within an epoch.
 *
 * Describe operations with `Augment.of(train).pipe(…)` on the columns that the loader reads, after any recipe, and give
 * them to `Train.fit` or `Loader.make`.
 */
export { forColumns, of } from "./augment/Describe.ts"
export type { Accepts, Augment, TrainOnly } from "./augment/Describe.ts"
export * from "./augment/Images.ts"
export * from "./augment/Mix.ts"
export * from "./augment/Numbers.ts"
export * from "./augment/Texts.ts"
export * from "./augment/Own.ts"
export { isMixing } from "./augment/Operation.ts"
export type { MakeOwn, OwnContext, OwnOperation } from "./internal/augment/own.ts"
export type { Fill, Labels, Mixing, Operation, Range, Single } from "./augment/Operation.ts"
