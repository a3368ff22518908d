import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Loss, Module } from "@watertight/model"
import { readFileSync } from "node:fs"
import { tf, withBackend } from "../src/internal/tfjs.ts"

interface Case {
  readonly config: Loss.Config
  readonly prediction: ReadonlyArray<ReadonlyArray<number>>
  readonly target: ReadonlyArray<number>
  readonly loss: ReadonlyArray<number>
  readonly gradient: ReadonlyArray<ReadonlyArray<number>>
}

interface Weighted extends Pick<Case, "prediction" | "target"> {
  readonly classWeights: ReadonlyArray<number>
  readonly mean: number
}

const fixtures: { readonly source: string; readonly cases: ReadonlyArray<Case>; readonly weighted: Weighted } =
  JSON.parse(readFileSync(new URL("./fixtures/module/loss.json", import.meta.url), "utf8"))

const targetOf = (loss: Loss.Loss, values: ReadonlyArray<number>) =>
  loss.target === "category" ? tf.tensor1d([...values], "int32") : tf.tensor1d([...values])

const evaluate = (
  loss: Loss.Loss,
  prediction: ReadonlyArray<ReadonlyArray<number>>,
  values: ReadonlyArray<number>
): { readonly each: ReadonlyArray<number>; readonly gradient: ReadonlyArray<ReadonlyArray<number>> } =>
  withBackend("cpu", () => {
    const target = targetOf(loss, values)
    const input = tf.tensor2d(prediction.map((row) => [...row]))
    const gradient = tf.grad((x) => tf.sum(loss.perExample(x.as2D(...input.shape), target)))(input)
    return { each: loss.perExample(input, target).arraySync(), gradient: gradient.as2D(...input.shape).arraySync() }
  })

const near = (got: number, expected: number, what: string) =>
  assert.closeTo(got, expected, 2e-6 * Math.max(1, Math.abs(expected)), what)

const ids: Readonly<Record<Loss.Config["kind"], string>> = {
  crossEntropy: "L02",
  binaryCrossEntropy: "D03 L01",
  focal: "D03 L03",
  binaryFocal: "D03 L03",
  meanSquaredError: "L04",
  meanAbsoluteError: "L05",
  huber: "L06"
}

for (const { config, gradient, loss: expected, prediction, target } of fixtures.cases) {
  const smoothed = config.kind === "crossEntropy" && config.smoothing > 0
  const id = smoothed ? "L09" : ids[config.kind]
  it(`${id} loss: ${JSON.stringify(config)} with ${prediction[0].length} outputs is PyTorch's, and so is its gradient`, () => {
    const got = evaluate(Effect.runSync(Loss.fromConfig(config)), prediction, target)
    expected.forEach((value, row) => near(got.each[row], value, `loss of row ${row}`))
    gradient.forEach((row, r) => row.forEach((value, c) => near(got.gradient[r][c], value, `gradient [${r}, ${c}]`)))
  })
}

it("L01 loss: binary cross-entropy is cross-entropy with the logits [0, z]", () => {
  const logits = [-3, -0.5, 0, 0.25, 7]
  const codes = [0, 1, 1, 0, 1]
  const one = evaluate(
    Loss.binaryCrossEntropy(),
    logits.map((z) => [z]),
    codes
  )
  const two = evaluate(
    Loss.crossEntropy(),
    logits.map((z) => [0, z]),
    codes
  )
  one.each.forEach((value, row) => near(value, two.each[row], `row ${row}`))
})

it("L02 loss: cross-entropy stays finite where the exponential of a logit would overflow", () => {
  const { each, gradient } = evaluate(
    Loss.crossEntropy({ smoothing: 0.1 }),
    [
      [3e38, -3e38],
      [0, 1e4]
    ],
    [0, 0]
  )
  assert.isTrue([...each, ...gradient.flat()].every((value) => !Number.isNaN(value)))
  near(each[1], 0.95 * 1e4, "the wrong class by 10,000")
})

const targetsOf = (smoothing: number, classes: number) => {
  // At logits 0 the gradient is softmax - target = 1 / K - target.
  const { gradient } = evaluate(Loss.crossEntropy({ smoothing }), [Array.from({ length: classes }, () => 0)], [0])
  return gradient[0].map((value) => 1 / classes - value)
}

it("L09 loss: smoothing 0.1 of two classes gives the targets 0.95 and 0.05", () => {
  const [correct, other] = targetsOf(0.1, 2)
  near(correct, 0.95, "true class")
  near(other, 0.05, "other class")
})

it("L09 loss: smoothingFor gives the targets asked for: 0.9 of two classes is smoothing 0.2", () => {
  near(Loss.smoothingFor({ correct: 0.9, classes: 2 }), 0.2, "smoothing")
  for (const classes of [2, 3, 10]) {
    const [correct, ...rest] = targetsOf(Loss.smoothingFor({ correct: 0.9, classes }), classes)
    near(correct, 0.9, "true class")
    rest.forEach((value) => near(value, 0.1 / (classes - 1), "other class"))
  }
  assert.throws(() => Loss.smoothingFor({ correct: 0.5, classes: 2 }), RangeError)
})

it("L10 loss: a model that says all classes alike has the loss ln K, smoothed or not", () => {
  for (const classes of [2, 10, 100]) {
    const prediction = [Array.from({ length: classes }, () => 0.3)]
    for (const smoothing of [0, 0.1]) {
      const loss = Loss.crossEntropy({ smoothing })
      near(evaluate(loss, prediction, [1]).each[0], Math.log(classes), `${classes} classes`)
      assert.strictEqual(loss.chance(classes), Math.log(classes))
    }
  }
  near(evaluate(Loss.binaryCrossEntropy(), [[0]], [1]).each[0], Math.LN2, "one logit")
  assert.strictEqual(Loss.binaryCrossEntropy().chance(2), Math.LN2)
  assert.isUndefined(Loss.huber().chance(0))
})

it("L05 L06 loss: an exact prediction has the gradient 0", () => {
  for (const loss of [Loss.meanAbsoluteError, Loss.huber(), Loss.meanSquaredError]) {
    const { each, gradient } = evaluate(loss, [[1.5]], [1.5])
    assert.deepStrictEqual([each, gradient.flat().map(Math.abs)], [[0], [0]])
  }
})

it("L06 loss: huber meets its two halves at delta, in value and slope", () => {
  const delta = 1.5
  const { each, gradient } = evaluate(
    Loss.huber({ delta }),
    [[delta - 1e-4], [delta + 1e-4], [10], [-10]],
    [0, 0, 0, 0]
  )
  near(each[1] - each[0], 2e-4 * delta, "slope over the seam")
  near(gradient[0][0], delta - 1e-4, "slope below")
  near(gradient[1][0], delta, "slope above")
  near(each[2], delta * (10 - delta / 2), "the straight part")
  near(gradient[3][0], -delta, "slope of the other side")
})

it("loss: the mean weighs rows", () => {
  const value = withBackend("cpu", () =>
    Loss.mean(
      Loss.meanSquaredError,
      tf.tensor2d([[1], [2], [100]]),
      tf.tensor1d([0, 0, 0]),
      tf.tensor1d([1, 3, 0])
    ).dataSync()
  )
  assert.deepStrictEqual([...value], [(1 + 3 * 4) / 4])
})

it("D03 loss: a mean weighed by class is PyTorch's cross-entropy with class weights, padding or not", () => {
  const { classWeights, mean, prediction, target } = fixtures.weighted
  for (const padding of [0, 3]) {
    const rows = [...prediction, ...Array.from({ length: padding }, () => [5, -5, 0])]
    const codes = [...target, ...new Array<number>(padding).fill(0)]
    const weight = codes.map((code, row) => (row < target.length ? classWeights[code] : 0))
    const value = withBackend("cpu", () =>
      Loss.mean(
        Loss.crossEntropy(),
        tf.tensor2d(rows.map((row) => [...row])),
        tf.tensor1d(codes, "int32"),
        tf.tensor1d(weight)
      ).dataSync()
    )
    near(value[0], mean, `${padding} rows of padding`)
  }
})

it("D03 L03 loss: focal stays finite, gradient included, where a row is certain or certainly wrong", () => {
  for (const focus of [0.5, 2]) {
    const { each, gradient } = evaluate(
      Loss.focal({ focus }),
      [
        [200, -200, -200],
        [-200, 200, 0],
        [0, 1e6, 0]
      ],
      [0, 0, 1]
    )
    assert.isTrue([...each, ...gradient.flat()].every(Number.isFinite), `${each.join()} ${gradient.join()}`)
    near(each[0], 0, "certain")
    near(each[1], 400, "certainly wrong")
  }
  const binary = evaluate(Loss.binaryFocal(), [[1000], [-1000]], [0, 0])
  assert.isTrue([...binary.each, ...binary.gradient.flat()].every(Number.isFinite))
})

it("D03 L03 L10 loss: a focal loss at chance is what it says", () => {
  for (const loss of [Loss.focal(), Loss.focal({ focus: 0 })]) {
    near(evaluate(loss, [[0.3, 0.3, 0.3]], [1]).each[0], loss.chance(3) ?? NaN, "three classes")
  }
  const even = Loss.binaryFocal({ positiveShare: 0.5 })
  near(evaluate(even, [[0]], [1]).each[0], even.chance(2) ?? NaN, "one logit")
  assert.isUndefined(Loss.binaryFocal().chance(2))
})

it("loss: options out of range throw and say which", () => {
  assert.throws(() => Loss.crossEntropy({ smoothing: 1 }), /crossEntropy.*[\s\S]*smoothing/)
  assert.throws(() => Loss.crossEntropy({ smoothing: -0.1 }), RangeError)
  assert.throws(() => Loss.huber({ delta: 0 }), RangeError)
  assert.throws(() => Loss.binaryCrossEntropy({ positiveWeight: Infinity }), RangeError)
})

for (const config of [
  { kind: "hinge" },
  { kind: "huber" },
  { kind: "huber", delta: -1 },
  { kind: "huber", delta: 1, x: 1 },
  7
]) {
  it.effect(`loss: the config ${JSON.stringify(config)} is refused`, () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Loss.fromConfig(config))
      assert.strictEqual(error._tag, "ConfigError")
    })
  )
}

const refusal = (loss: Loss.Loss, module: Module.Module, levels: number) =>
  Effect.gen(function* () {
    const built = yield* module.build([4])
    return yield* Loss.check(loss, built, levels).pipe(
      Effect.match({ onFailure: (e) => e.message, onSuccess: () => "" })
    )
  })

it.effect("M09 loss: outputs that suit the loss pass, others are named", () =>
  Effect.gen(function* () {
    const { dense, dropout, relu, sequential, sigmoid } = Module
    assert.strictEqual(yield* refusal(Loss.crossEntropy(), dense(3), 3), "")
    assert.strictEqual(yield* refusal(Loss.binaryCrossEntropy(), dense(1), 2), "")
    assert.strictEqual(yield* refusal(Loss.huber(), sequential([dense(1), relu]), 0), "")
    assert.match(yield* refusal(Loss.crossEntropy(), dense(1), 3), /outputs of shape \[3\], and the model gives \[1\]/)
    assert.match(yield* refusal(Loss.meanSquaredError, dense(3), 0), /outputs of shape \[1\]/)
    assert.match(yield* refusal(Loss.binaryCrossEntropy(), dense(1), 3), /use Loss.crossEntropy/)
    const squashed = sequential([dense(3), sigmoid, dropout(0.1)])
    assert.match(
      yield* refusal(Loss.crossEntropy(), squashed, 3),
      /takes logits.*the output of sigmoid0; remove that layer/
    )
  })
)

const blended = (
  loss: Loss.Loss,
  prediction: ReadonlyArray<ReadonlyArray<number>>,
  shares: ReadonlyArray<ReadonlyArray<number>>
) =>
  withBackend("cpu", () => {
    const logits = tf.tensor2d(prediction.map((row) => [...row]))
    return loss.perBlend?.(logits, tf.tensor2d(shares.map((row) => [...row]))).arraySync() ?? []
  })

it("D49 L02 loss: cross-entropy of blended labels is the blend of the cross-entropies, smoothed or not", () => {
  const prediction = [
    [0.3, -1.2, 2],
    [5, 0, -3]
  ]
  const shares = [
    [0.7, 0, 0.3],
    [0.25, 0.5, 0.25]
  ]
  for (const smoothing of [0, 0.1]) {
    const loss = Loss.crossEntropy({ smoothing })
    const each = [0, 1, 2].map((code) => evaluate(loss, prediction, [code, code]).each)
    blended(loss, prediction, shares).forEach((value, row) =>
      near(
        value,
        shares[row].reduce((sum, share, code) => sum + share * each[code][row], 0),
        `row ${row}`
      )
    )
  }
})

it("D49 L01 loss: binary cross-entropy of blended labels is the blend of the two, the positive weight included", () => {
  const loss = Loss.binaryCrossEntropy({ positiveWeight: 3 })
  const [no, yes] = [0, 1].map((code) => evaluate(loss, [[0.4], [-2]], [code, code]).each)
  const shares = [
    [0.8, 0.2],
    [0.1, 0.9]
  ]
  blended(loss, [[0.4], [-2]], shares).forEach((value, row) =>
    near(value, shares[row][0] * no[row] + shares[row][1] * yes[row], `row ${row}`)
  )
})

it("D49 loss: blended labels without a perBlend throw instead of being read as codes", () => {
  const { perBlend: _, ...plain } = Loss.crossEntropy()
  withBackend("cpu", () =>
    assert.throws(
      () => Loss.mean(plain, tf.zeros([1, 2]), tf.tensor2d([[0.5, 0.5]]), tf.ones([1])),
      /crossEntropy takes no blended labels/
    )
  )
})
