import * as RowId from "/work/wt-h/packages/data/src/RowId.ts"
const n = 100000
for (const k of [3, 20]) {
  const columns = {},
    values = {}
  for (let i = 0; i < k; i++) {
    columns["x" + i] = { kind: "float" }
    values["x" + i] = Float64Array.from({ length: n }, (_, r) => r * 1.7 + i)
  }
  for (let r = 0; r < 4; r++) {
    const c0 = process.cpuUsage()
    RowId.ofContent(columns, values, n)
    const c = process.cpuUsage(c0)
    console.log(k, "cols ns/row cpu", ((c.user + c.system) * 1000) / n)
  }
}
