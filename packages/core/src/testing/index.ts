export * as DigestLaws from "./DigestLaws.ts"
export * as KeyLaws from "./KeyLaws.ts"
export * as Law from "./Law.ts"
export * as PermutationLaws from "./PermutationLaws.ts"
