/**
 * The house style that no ready-made lint rule covers, as an oxlint plugin. Each rule works on the syntax tree, so text in
 * strings and comments cannot set it off. `.oxlintrc.json` says which rule holds where.
 */
import type { RuleTester } from "oxlint/plugins-dev"

export type Rule = Parameters<RuleTester["run"]>[1]
type Context = Parameters<NonNullable<Extract<Rule, { create: unknown }>["create"]>>[0]
interface Located {
  readonly loc: { readonly start: Position; readonly end: Position }
}
interface Position {
  readonly line: number
  readonly column: number
}

const hasComment = (context: Context, node: Located): boolean =>
  context.sourceCode
    .getAllComments()
    .some(
      (comment) =>
        !/^\s*(oxlint|eslint)-/.test(comment.value) &&
        (comment.loc.start.line === node.loc.end.line || comment.loc.start.line === node.loc.start.line)
    )

/** What goes round the types says why, in a comment on its line: `any`, `x as T` (not `as const`), `x!`. */
export const reason: Rule = {
  create: (context) => {
    const demand = (node: Located, what: string): void => {
      if (!hasComment(context, node)) {
        context.report({ loc: node.loc, message: `Say in a comment on this line why ${what} is right here.` })
      }
    }
    return {
      TSAsExpression: (node) => {
        const type = node.typeAnnotation
        const isConst = type.type === "TSTypeReference" && context.sourceCode.getText(type) === "const"
        if (!isConst) demand(node, "`as`")
      },
      TSTypeAssertion: (node) => demand(node, "a type assertion"),
      TSNonNullExpression: (node) => demand(node, "`!`"),
      TSAnyKeyword: (node) => demand(node, "`any`")
    }
  }
}

/** Failures are values: no `try` and no `.catch`. */
export const noTry: Rule = {
  create: (context) => ({
    TryStatement: (node) =>
      context.report({ node, message: "Use Effect.try or Effect.tryPromise: failures are values." })
  })
}

/** The time comes from Effect's Clock. `new Date(milliseconds)` is a pure function of its argument and stays. */
export const noClock: Rule = {
  create: (context) => {
    const message = "Take the time from Effect's Clock: what reads the machine's clock cannot be replayed."
    return {
      NewExpression: (node) => {
        const { callee } = node
        if (callee.type === "Identifier" && callee.name === "Date" && node.arguments.length === 0) {
          context.report({ node, message })
        }
      },
      CallExpression: (node) => {
        const { callee } = node
        if (callee.type === "Identifier" && callee.name === "Date") context.report({ node, message })
      }
    }
  }
}

/** Effects run at the edge of the world only: in the command, in examples and in tests. */
export const noRun: Rule = {
  create: (context) => ({
    MemberExpression: (node) => {
      const { object, property } = node
      if (object.type !== "Identifier" || property.type !== "Identifier") return
      if (
        !/^(Effect|Runtime|NodeRuntime)$/.test(object.name) ||
        !/^run(Sync|Promise|Fork|Callback|Main)/.test(property.name)
      ) {
        return
      }
      const name = `${object.name}.${property.name}`
      context.report({ node, message: `${name}: Effects run only in cli, examples and tests; return the Effect.` })
    }
  })
}

/** A file says in its first comment what it is for. */
export const header: Rule = {
  create: (context) => ({
    Program: (node) => {
      if (/(^|\/)index\.ts$/.test(context.filename)) return
      const [first] = context.sourceCode.getAllComments()
      const text = context.sourceCode.text.trimStart()
      if (first?.type !== "Block" || !text.startsWith("/**")) {
        context.report({ node, message: "Begin the file with a comment of two or three sentences: what is it for?" })
      }
    }
  })
}

/** What a module exports is documented. */
export const documented: Rule = {
  create: (context) => {
    const seen = new Set<string>()
    return {
      ExportNamedDeclaration: (node) => {
        const { declaration } = node
        if (declaration === null) return
        const name =
          declaration.type === "VariableDeclaration"
            ? declaration.declarations.map(({ id }) => context.sourceCode.getText(id).replace(/:.*/s, "")).join()
            : "id" in declaration && declaration.id !== null
              ? context.sourceCode.getText(declaration.id)
              : ""
        const before = context.sourceCode.getCommentsBefore(node).at(-1)
        const isHeader = before?.range[0] === context.sourceCode.getAllComments()[0]?.range[0]
        const isDocumented = before?.type === "Block" && before.value.startsWith("*") && !isHeader
        if (!isDocumented && !seen.has(name)) {
          context.report({
            loc: declaration.loc,
            message: `Document ${name}: what does it do, with which units and errors?`
          })
        }
        seen.add(name)
      }
    }
  }
}

/** A module is named by what it holds. */
export const named: Rule = {
  create: (context) => ({
    Program: (node) => {
      const file = context.filename.replace(/.*\//, "")
      if (/^(utils?|helpers?|types?|misc|common|constants)\.ts$/i.test(file)) {
        context.report({ node, message: `${file} names nothing: name the module by what it holds.` })
      }
    }
  })
}

/** A test that does not run says why on its line, and none runs alone. */
export const noSkip: Rule = {
  create: (context) => ({
    MemberExpression: (node) => {
      const { property } = node
      if (property.type !== "Identifier") return
      const root = context.sourceCode.getText(node).split(".")[0]
      if (!/^(it|test|describe|suite)$/.test(root)) return
      if (property.name === "only") context.report({ node, message: "All tests run: remove `.only`." })
      if (/^(skip|skipIf|runIf|todo|fails)$/.test(property.name) && !hasComment(context, node)) {
        context.report({ node, message: `Say in a comment on this line why the test has \`.${property.name}\`.` })
      }
    }
  })
}

export default {
  meta: { name: "house" },
  rules: {
    reason,
    "no-try": noTry,
    "no-clock": noClock,
    header,
    documented,
    named,
    "no-skip": noSkip
  }
}
