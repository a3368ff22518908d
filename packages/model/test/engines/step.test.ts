import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { readFileSync } from "node:fs"
import * as Engine from "../../src/Engine.ts"
import { tf } from "../../src/internal/tfjs.ts"
import * as Program from "../../src/Program.ts"

const Numbers = Schema.Record(Schema.String, Schema.Array(Schema.Number))
const fixture = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      sizes: Schema.Array(Schema.Int),
      batch: Schema.Int,
      params: Numbers,
      batches: Schema.Array(Numbers),
      losses: Schema.Array(Schema.Number),
      final: Numbers
    })
  )
)(readFileSync(new URL("../fixtures/engine/step.json", import.meta.url), "utf8"))

/** A whole training step: forward with dropout, gradients, clipping by global norm, Adam. */
const step = (sizes: ReadonlyArray<number>, batch: number): Program.Program => {
  const layers = sizes.slice(1).map((_, layer) => layer)
  const params: Program.Specs = Object.fromEntries(
    layers.flatMap((layer) => [
      [`weight${layer}`, Program.float32(sizes[layer], sizes[layer + 1])],
      [`bias${layer}`, Program.float32(sizes[layer + 1])]
    ])
  )
  const names = Object.keys(params)
  const moments = ["mean", "square"].flatMap((kind) => names.map((name) => [`${kind}/${name}`, params[name]]))
  return {
    name: "step",
    state: { ...params, ...Object.fromEntries(moments) },
    inputs: {
      features: Program.float32(batch, sizes[0]),
      target: Program.int32(batch),
      mask: Program.float32(batch, sizes[1]),
      correction1: Program.float32(),
      correction2: Program.float32()
    },
    run: (state, { correction1, correction2, features, mask, target }) => {
      const classes = sizes[sizes.length - 1]
      const loss = (...values: Array<tf.Tensor>): tf.Scalar => {
        const p = Object.fromEntries(names.map((name, index) => [name, values[index]]))
        const dense = (x: tf.Tensor, layer: number) => tf.add(tf.matMul(x, p[`weight${layer}`]), p[`bias${layer}`])
        const logits = layers.slice(1).reduce<tf.Tensor>(
          (x, layer) => {
            const y = dense(x, layer)
            return layer === layers.length - 1 ? y : tf.relu(y)
          },
          tf.mul(tf.relu(dense(features, 0)), mask)
        )
        const smooth = tf.oneHot(target, classes, 0.9 + 0.1 / classes, 0.1 / classes, "float32")
        return tf.neg(tf.mean(tf.sum(tf.mul(smooth, tf.logSoftmax(logits)), 1)))
      }
      const { grads, value } = tf.valueAndGrads(loss)(names.map((name) => state[name]))
      const norm = tf.sqrt(grads.map((gradient) => tf.sum(tf.square(gradient))).reduce((a, b) => tf.add(a, b)))
      const factor = tf.minimum(1, tf.div(0.5, norm))
      const next: Record<string, tf.Tensor> = {}
      names.forEach((name, index) => {
        const gradient = tf.mul(grads[index], factor)
        const [mean, square] = [state[`mean/${name}`], state[`square/${name}`]]
        const m = tf.add(mean, tf.mul(tf.sub(gradient, mean), 0.1))
        const v = tf.add(square, tf.mul(tf.sub(tf.square(gradient), square), 0.001))
        const scaled = tf.div(tf.div(m, correction1), tf.add(tf.sqrt(tf.div(v, correction2)), 1e-8))
        next[name] = tf.sub(state[name], tf.mul(scaled, 0.01))
        next[`mean/${name}`] = m
        next[`square/${name}`] = v
      })
      return { state: next, outputs: { loss: value } }
    }
  }
}

const corrections = (steps: number) => ({
  correction1: Float32Array.of(1 - 0.9 ** steps),
  correction2: Float32Array.of(1 - 0.999 ** steps)
})

const difference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, index) => Math.abs(value - b[index])))

const float = (data: Readonly<Record<string, ReadonlyArray<number>>>) =>
  Object.fromEntries(Object.entries(data).map(([name, numbers]) => [name, Float32Array.from(numbers)]))

describe("five steps of training with dropout, clipping and Adam are JAX's in float64:", () => {
  for (const [name, engine] of Object.entries({ onnx: Engine.onnx(), reference: Engine.reference })) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const { compile } = yield* Engine.Engine
        const executable = yield* compile(step(fixture.sizes, fixture.batch))
        yield* executable.write(float(fixture.params))
        for (const [index, { features, mask, target }] of fixture.batches.entries()) {
          const { loss } = yield* executable.run({
            ...float({ features, mask }),
            target: Int32Array.from(target),
            ...corrections(index + 1)
          })
          assert.closeTo(loss[0], fixture.losses[index], 2e-6)
        }
        const state = yield* executable.read
        // Adam divides by the root of the mean square: where a gradient is nearly zero, its rounding error of 1e-8 or so
        // is divided by something as small, times the rate 0.01. Elsewhere the two agree to 1e-7.
        for (const [parameter, numbers] of Object.entries(fixture.final)) {
          assert.isBelow(difference(state[parameter], numbers), 5e-6, parameter)
        }
      }).pipe(Effect.scoped, Effect.provide(engine))
    )
  }
})

it.effect("the step of the digits network has the same bits with one, two and three threads", () =>
  Effect.gen(function* () {
    const program = step([784, 512, 256, 10], 128)
    const noise = (length: number, scale: number) =>
      Float32Array.from({ length }, (_, index) => Math.sin(index * index + 1) * scale)
    const play = (threads: number) =>
      Effect.gen(function* () {
        const { compile } = yield* Engine.Engine
        const executable = yield* compile(program)
        yield* executable.write({
          weight0: noise(784 * 512, 0.05),
          weight1: noise(512 * 256, 0.06),
          weight2: noise(256 * 10, 0.09)
        })
        for (let index = 1; index <= 3; index++) {
          yield* executable.run({
            features: noise(128 * 784, 1),
            mask: noise(128 * 512, 1).map((value) => (value > -0.6 ? 1.25 : 0)),
            target: Int32Array.from({ length: 128 }, (_, row) => (row * index) % 10),
            ...corrections(index)
          })
        }
        return yield* executable.read
      }).pipe(Effect.scoped, Effect.provide(Engine.onnx({ threads })))
    const one = yield* play(1)
    for (const threads of [2, 3]) {
      const many = yield* play(threads)
      for (const name of Object.keys(one))
        assert.isTrue(Buffer.from(one[name].buffer).equals(Buffer.from(many[name].buffer)), name)
    }
  })
)
