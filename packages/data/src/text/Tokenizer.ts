/**
 * A tokenizer: what turns text into token ids and back, as plain JSON that can be read, stored and compared. It is learned
 * from train rows (`Text.fit`) or read from a `tokenizer.json`; what is only described is none yet, and encoding with that
 * does not compile.
 */
import { Effect, Schema } from "effect"
import type { Description } from "./Description.ts"
import * as BytePairs from "./BytePairs.ts"
import { type Engine } from "./Engine.ts"
import * as HuggingFace from "./HuggingFace.ts"
import { Normalization } from "./Normalization.ts"
import * as WordPieces from "./WordPieces.ts"
import * as Words from "./Words.ts"
