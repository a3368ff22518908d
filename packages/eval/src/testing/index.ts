export * as MetricLaws from "./MetricLaws.ts"
