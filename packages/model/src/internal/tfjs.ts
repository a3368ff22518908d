/**
 * The one file of this package that touches TensorFlow.js as a library rather than as a language. It hands out the one
 * instance everybody shares, keeps its greeting off the terminal, and switches backends so that the one that was active
 * is active again afterwards, whatever happened in between.
 */
import * as tf from "@tensorflow/tfjs"

export { tf }

/**
 * Runs a synchronous function with a backend active. The state of TensorFlow.js is global, so the function must not
 * return before it is done with the backend.
 */
export const withBackend = <A>(name: string, body: () => A): A => {
  greetNobody()
  const previous: string | undefined = tf.getBackend() // undefined before the first choice
  select(name)
  try {
    return body()
  } finally {
    select(previous ?? "cpu")
  }
}

/** `setBackend` is asynchronous only for backends with asynchronous factories, and its failures are silent. */
const select = (name: string): void => {
  if (tf.getBackend() === name) return
  void tf.setBackend(name)
  if (tf.getBackend() !== name) throw new Error(`TensorFlow.js cannot use its backend "${name}"`)
}

/** The cpu backend prints advice to install tfjs-node at its first write. */
const greetNobody = (): void => {
  const cpu: unknown = tf.findBackend("cpu")
  if (typeof cpu === "object" && cpu !== null && "firstUse" in cpu) cpu.firstUse = false
}

/** Lists the operations that are running, outermost first: `["tidy", "dropout", "randomUniform"]`. */
export const runningOperations = (): ReadonlyArray<string> =>
  tf.engine().state.scopeStack.map((scope) => scope.name.replace(/__op$/, ""))
