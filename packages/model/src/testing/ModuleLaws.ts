/**
 * Laws of modules and losses, for the ones of this package and for your own. They run on TensorFlow.js' cpu backend and
 * compare bits, not values that are close.
 */
import { Key } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import { tf, withBackend } from "../internal/tfjs.ts"
import * as Loss from "../Loss.ts"
import * as Module from "../Module.ts"
import type { Tensors } from "../Program.ts"

/** A module, the shape of its inputs, and how a config of it is read. */
export interface Subject {
  readonly module: Module.Module
  readonly input: Module.Shape
  /** Kinds of your own that `Module.fromConfig` needs. */
  readonly kinds?: ReadonlyArray<Module.Kind>
}

const seeds = fc.nat()

/** Runs a function that returns host data, and frees its tensors. */
const onCpu = <A>(body: () => A): A =>
  withBackend("cpu", () => {
    const results: Array<A> = []
    tf.tidy(() => void results.push(body()))
    return results[0]
  })

const drawn = (key: Key.Key, name: string, shape: Module.Shape): tf.Tensor => {
  const size = shape.reduce((product, length) => product * length, 1)
  return tf.tensor(Key.normal(Key.foldIn(key, name), size), [...shape])
}

const parametersOf = (built: Module.Built, key: Key.Key): Tensors =>
  Object.fromEntries(
    Object.entries(Module.initialize(built, key)).map(([name, values]) => [
      name,
      tf.tensor(values, [...built.parameters[name].shape])
    ])
  )

const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.from(a).every((value, index) => Object.is(value, b[index]))

/** "module: inference does not depend on the other rows of the batch". */
export const rowIndependence = ({ input, module }: Subject): Law.Law =>
  Law.make(
    "module: inference does not depend on the other rows of the batch",
    fc.record({ seed: seeds, rows: fc.integer({ min: 2, max: 5 }), from: fc.nat(4), to: fc.nat(4) }),
    Effect.fnUntraced(function* ({ from, rows, seed, to }) {
      const built = yield* module.build(input)
      const key = Key.fromSeed(seed)
      const [here, there] = onCpu(() => {
        const parameters = parametersOf(built, key)
        const row = drawn(key, "row", [1, ...input])
        const among = (others: string, place: number) => {
          const rest = drawn(key, others, [rows - 1, ...input])
          const batch = tf.concat([rest.slice(0, place), row, rest.slice(place)])
          return built.forward(parameters, batch, undefined).slice(place, 1).dataSync()
        }
        return [among("some rows", from % rows), among("other rows", to % rows)]
      })
      Law.ensure(same(here, there), () => `one row gave [${here}] among some rows and [${there}] among others`)
    })
  )

/** "module: the forward pass gives the declared output shape". */
export const declaredShape = ({ input, module }: Subject): Law.Law =>
  Law.make(
    "module: the forward pass gives the declared output shape",
    fc.record({ seed: seeds, rows: fc.integer({ min: 1, max: 4 }) }),
    Effect.fnUntraced(function* ({ rows, seed }) {
      const built = yield* module.build(input)
      const key = Key.fromSeed(seed)
      const got = onCpu(
        () => built.forward(parametersOf(built, key), drawn(key, "input", [rows, ...input]), undefined).shape
      )
      Law.ensure(same(got, [rows, ...built.output]), () => `declared [${[rows, ...built.output]}] and gave [${got}]`)
    })
  )

/** "module: training with multipliers of 1 is inference". */
export const neutralNoise = ({ input, module }: Subject): Law.Law =>
  Law.make(
    "module: training with multipliers of 1 is inference",
    seeds,
    Effect.fnUntraced(function* (seed) {
      const built = yield* module.build(input)
      const key = Key.fromSeed(seed)
      const [training, inference] = onCpu(() => {
        const parameters = parametersOf(built, key)
        const batch = drawn(key, "input", [3, ...input])
        const noise = Object.fromEntries(
          Object.entries(built.noise).map(([name, { shape }]) => [name, tf.ones([3, ...shape])])
        )
        return [noise, undefined].map((given) => built.forward(parameters, batch, given).dataSync())
      })
      Law.ensure(same(training, inference), () => `training gave [${training}] and inference [${inference}]`)
    })
  )

/** "module: config round trip builds the same module". The config goes through JSON text. */
export const configRoundTrip = ({ input, kinds = [], module }: Subject): Law.Law =>
  Law.make(
    "module: config round trip builds the same module",
    seeds,
    Effect.fnUntraced(function* (seed) {
      const text = JSON.stringify(module.config)
      const again = yield* Module.fromConfig(JSON.parse(text), { kinds })
      Law.ensure(JSON.stringify(again.config) === text, () => `${text} came back as ${JSON.stringify(again.config)}`)
      const [built, rebuilt] = [yield* module.build(input), yield* again.build(input)]
      const specs = ({ layers, noise, output, parameters }: Module.Built) =>
        JSON.stringify([layers, noise, output, Object.entries(parameters).map(([name, p]) => [name, p.shape, p.init])])
      Law.ensure(specs(built) === specs(rebuilt), () => `${specs(built)} came back as ${specs(rebuilt)}`)
      const key = Key.fromSeed(seed)
      const [before, after] = onCpu(() => {
        const batch = drawn(key, "input", [3, ...input])
        return [built, rebuilt].map((each) => each.forward(parametersOf(each, key), batch, undefined).dataSync())
      })
      Law.ensure(same(before, after), () => `the forward pass gave [${before}], and [${after}] after the round trip`)
    })
  )

/** What `drawnByName` checks: how layers are put together, and how parameters are drawn. */
export interface Drawing {
  readonly compose: (modules: ReadonlyArray<Module.Module>) => Module.Module
  readonly initialize: typeof Module.initialize
}

const dense = fc.integer({ min: 1, max: 4 }).map((units) => Module.dense(units))
const weightless = fc.constantFrom(Module.relu, Module.tanh, Module.dropout(0.5), Module.flatten)

/**
 * "module: parameters are drawn by name: adding a layer elsewhere does not change them": layers without weights anywhere,
 * layers with weights at the end, and named ones that keep their input's shape anywhere.
 */
export const drawnByName = (
  drawing: Drawing = { compose: Module.sequential, initialize: Module.initialize }
): Law.Law =>
  Law.make(
    "module: parameters are drawn by name: adding a layer elsewhere does not change them",
    fc.record({
      seed: seeds,
      layers: fc.array(fc.oneof(dense, weightless), { minLength: 1, maxLength: 5 }),
      added: weightless,
      at: fc.nat(5),
      appended: dense
    }),
    Effect.fnUntraced(function* ({ added, appended, at, layers, seed }) {
      const key = Key.fromSeed(seed)
      const place = at % (layers.length + 1)
      const built = yield* drawing.compose(layers).build([3])
      const before = drawing.initialize(built, key)
      const width = (yield* Module.sequential(layers.slice(0, place)).build([3])).output[0]
      const longer = [
        [...layers.slice(0, place), added, ...layers.slice(place)],
        [...layers, appended],
        [...layers.slice(0, place), Module.named("added", Module.dense(width)), ...layers.slice(place)]
      ]
      for (const modules of longer) {
        const after = drawing.initialize(yield* drawing.compose(modules).build([3]), key)
        for (const [name, values] of Object.entries(before)) {
          const kinds = modules.map((module) => module.name ?? module.kind).join(", ")
          Law.ensure(same(values, after[name] ?? []), () => `"${name}" starts differently in ${kinds}`)
        }
      }
    })
  )

const batchOf = (loss: Loss.Loss, key: Key.Key, name: string, rows: number, levels: number) => {
  const prediction = drawn(key, `${name} prediction`, [rows, loss.outputs(levels)])
  const words = Key.bits(Key.foldIn(key, `${name} target`), rows)
  const target =
    loss.target === "category"
      ? tf.tensor1d(
          Int32Array.from(words, (word) => word % levels),
          "int32"
        )
      : drawn(key, `${name} target`, [rows])
  return { prediction: prediction.as2D(rows, loss.outputs(levels)), target: target.as1D() }
}

/**
 * "loss: padding with weight zero changes nothing", neither the mean loss nor its gradient: the rows that count get the
 * gradients they had, the padding gets zero.
 */
export const padding = (loss: Loss.Loss, mean: typeof Loss.mean = Loss.mean): Law.Law =>
  Law.make(
    "loss: padding with weight zero changes nothing",
    fc.record({
      seed: seeds,
      rows: fc.integer({ min: 1, max: 5 }),
      padded: fc.integer({ min: 1, max: 4 }),
      levels: loss.target === "category" && loss.outputs(2) === 1 ? fc.constant(2) : fc.integer({ min: 2, max: 5 })
    }),
    ({ levels, padded, rows, seed }) => {
      const key = Key.fromSeed(seed)
      const [short, long] = onCpu(() => {
        const real = batchOf(loss, key, "real", rows, levels)
        const extra = batchOf(loss, key, "padding", padded, levels)
        const weight = tf.ones([rows]).as1D()
        const evaluate = (prediction: tf.Tensor2D, target: tf.Tensor1D, weights: tf.Tensor1D) => {
          const { grad, value } = tf.valueAndGrad((x: tf.Tensor2D) => mean(loss, x, target, weights))(prediction)
          return { value: value.dataSync(), gradient: grad.dataSync() }
        }
        return [
          evaluate(real.prediction, real.target, weight),
          evaluate(
            tf.concat([real.prediction, extra.prediction]),
            tf.concat([real.target, extra.target]),
            tf.concat([weight, tf.zeros([padded]).as1D()])
          )
        ]
      })
      Law.ensure(same(short.value, long.value), () => `the loss is ${short.value}, and ${long.value} with padding`)
      const kept = long.gradient.slice(0, short.gradient.length)
      Law.ensure(same(short.gradient, kept), () => `the gradient is [${short.gradient}], and [${kept}] with padding`)
      const rest = long.gradient.slice(short.gradient.length)
      Law.ensure(
        rest.every((value) => value === 0),
        () => `the padding has the gradient [${rest}]`
      )
    }
  )

/** Lists the laws every module keeps. */
export const laws = (subject: Subject): ReadonlyArray<Law.Law> => [
  rowIndependence(subject),
  declaredShape(subject),
  neutralNoise(subject),
  configRoundTrip(subject)
]
