/** Decoded images in the size and the channels that a source declares, in whole numbers. */
import { type Pixels, middle, resize, whole } from "./resize.ts"

/** What images are to be. */
export interface Wanted {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly fit: "refuse" | "stretch" | "crop"
  readonly maximumPixels: number
}

/** The weights of red, green and blue in grey by ITU-R BT.601, of 65536. */
const luma = [19595, 38470, 7471] as const

const withChannels = (image: Pixels, channels: number): Pixels => {
  if (image.channels === channels) return image
  const count = image.height * image.width
  const from = image.channels
  const data = new Uint8Array(count * channels)
  for (let pixel = 0; pixel < count; pixel++) {
    const red = image.data[pixel * from]
    const green = image.data[pixel * from + 1]
    const blue = image.data[pixel * from + 2]
    if (channels === 1) {
      data[pixel] = (red * luma[0] + green * luma[1] + blue * luma[2] + 0x8000) >> 16
      continue
    }
    data[pixel * channels] = red
    data[pixel * channels + 1] = green
    data[pixel * channels + 2] = blue
    if (channels === 4) data[pixel * channels + 3] = 255
  }
  return { ...image, channels, data }
}

/** Tells whether an image has the size, or may be given it. */
export const fits = ({ height, width }: Pick<Pixels, "height" | "width">, wanted: Wanted): boolean =>
  wanted.fit !== "refuse" || (height === wanted.height && width === wanted.width)

/** Gives an image, opaque unless four channels are wanted, the channels and the size wanted. */
export const shape = (image: Pixels, { channels, fit, height, width }: Wanted): Pixels => {
  const box = fit === "crop" ? middle(image, height, width) : whole(image)
  return resize(withChannels(image, channels), height, width, box)
}
