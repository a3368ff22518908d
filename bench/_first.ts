import { NodeServices } from "@effect/platform-node"
import { Key } from "@watertight/core"
import { Augment, Column, Dataset, Loader, Source, Table } from "@watertight/data"
import { Effect } from "effect"
import { readSource } from "./source.ts"
import * as Sharp from "../packages/data/src/internal/sources/sharp.ts"
import * as Folder from "../packages/data/src/internal/sources/folder.ts"
import * as Files from "../packages/data/src/internal/sources/files.ts"
const folder="/tmp/partI/imgs"
const size=96
const cpu=async (name,f)=>{const c=process.cpuUsage(),t=performance.now(); const r=await f(); const u=process.cpuUsage(c); console.log(name.padEnd(20),(performance.now()-t).toFixed(0)+" ms wall",((u.user)/1000).toFixed(0)+" user", (u.system/1000).toFixed(0)+" sys"); return r}
const R=(e)=>Effect.runPromise(Effect.provide(e,NodeServices.layer))
for (let i=0;i<2;i++){
const entries=await cpu("list",()=>R(Folder.list(folder,[".jpg"])))
const bytes=await cpu("read files",()=>R(Effect.forEach(entries,e=>Files.read(e.path),{concurrency:8})))
await cpu("sharp decode",()=>R(Effect.forEach(bytes,(b,i)=>Sharp.decode(b,"a.jpg",1e8),{concurrency:8,discard:true})))
const table=await cpu("source",()=>R(readSource(Source.images(folder, { height: size, width: size, channels: 3, labels: Column.category(["a", "b"]) }))))
await cpu("ids", async()=>table.ids)
  const augment = Augment.forColumns(table.columns).pipe(
    Augment.flipHorizontal("image", { labelsSurvive: true }),
    Augment.crop("image"),
    Augment.rotate("image")
  )
const train = Dataset.make(table, undefined, "train")
const reading = { features: ["image"], target: "label", batchSize:64, key: Key.fromSeed(0) } as const
await R(Effect.scoped(Effect.gen(function*(){
 let c=process.cpuUsage(),t=performance.now()
 const lap=(n)=>{const u=process.cpuUsage(c);console.log(n.padEnd(20),(performance.now()-t).toFixed(0)+" ms wall",((u.user)/1000).toFixed(0)+" user", (u.system/1000).toFixed(0)+" sys");c=process.cpuUsage();t=performance.now()}
 const loader = yield* Loader.make(train,{...reading,augment,workers:2})
 lap("loader make")
 for (let epoch=0;epoch<4;epoch++){ for (let step = 0; step < loader.steps; step++) yield* loader.read({ version: 1, epoch, step }); lap("epoch "+epoch) }
})))
}
