import * as Colour from "./jpegColour.ts"
import * as Header from "./jpegHeader.ts"
import * as Scan from "./jpegScan.ts"
import type { Pixels } from "./resize.ts"

export const decode = (bytes: Uint8Array): Pixels | undefined => {
  const header = Header.read(bytes)
  const planes = header && Scan.read(bytes, header)
  return header && planes && Colour.join(header, planes)
}
