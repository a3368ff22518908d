/**
 * The one place this package imports TensorFlow.js from. It is `@tensorflow/tfjs` and not `@tensorflow/tfjs-core`,
 * because in plain Node the core alone has no gradients registered; both share one engine, so tensors of one are
 * tensors of the other.
 */
export * from "@tensorflow/tfjs"
