export * as SplitLaws from "./SplitLaws.ts"
export * as Tables from "./Tables.ts"
