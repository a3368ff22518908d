export * as EngineLaws from "./EngineLaws.ts"
export * as ModuleLaws from "./ModuleLaws.ts"
export * as ResumeLaws from "./ResumeLaws.ts"
