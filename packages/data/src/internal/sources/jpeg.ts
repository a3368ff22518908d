/**
 * Decodes small JPEG files of the usual kind, on the thread that calls: sequential, Huffman-coded, 8 bits, grey or YCbCr,
 * upright. The pixels are libjpeg's, bit for bit; whatever a file has that is unusual, let alone wrong, gives nothing.
 */
import * as Colour from "./jpegColour.ts"
import * as Header from "./jpegHeader.ts"
import * as Scan from "./jpegScan.ts"
import type { Pixels } from "./resize.ts"

/** Decodes a file whose size `isWanted` to red, green and blue. */
export const decode = (
  bytes: Uint8Array,
  isWanted: (size: Pick<Pixels, "height" | "width">) => boolean = () => true
): Pixels | undefined => {
  const header = Header.read(bytes)
  if (header === undefined || !isWanted(header)) return undefined
  const planes = Scan.read(bytes, header)
  return planes && Colour.join(header, planes)
}
