/**
 * Text as numbers: normalizing, splitting into words, tokenizers learned from train rows or read from the files of a base
 * model, their fingerprints, and packing documents into sequences. In recipes, `Recipe.tokenize`, `bagOfWords`, `tfIdf` and
 * `hashWords` put it to work.
 */
export {
  type Description,
  type Options,
  type PieceOptions,
  bytePairs,
  characters,
  wordPieces,
  words
} from "./text/Description.ts"
export { Fingerprint, TokenizerMismatch, fingerprint, matches } from "./text/Fingerprint.ts"
export { codec, fit, fitDataset } from "./text/Fit.ts"
export { type FromFiles, fromHuggingFace, toHuggingFace } from "./text/HuggingFace.ts"
export { Normalization, normalize } from "./text/Normalization.ts"
export { type Options as PackOptions, type Packed, pack, packDataset } from "./text/Pack.ts"
export { type Role, Special, type SpecialOptions, TextError } from "./text/Special.ts"
export { inAlphanumerics, inChunks, inWords } from "./text/Splitting.ts"
export { type EncodeOptions, Tokenizer, decode, encode, size, specialId, tokens } from "./text/Tokenizer.ts"
