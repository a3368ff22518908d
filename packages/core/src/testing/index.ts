export * as Law from "./Law.ts"
