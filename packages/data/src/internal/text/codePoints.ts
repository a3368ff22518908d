/** The order of texts by their code points, which is that of their UTF-8 bytes: the same on every machine. */

/** Compares as UTF-8 bytes do. JavaScript's `<` goes by UTF-16 and puts characters past U+FFFF before some below. */
export const byCodePoint = (one: string, other: string): number => {
  const length = Math.min(one.length, other.length)
  for (let place = 0; place < length; place++) {
    const [left, right] = [one.charCodeAt(place), other.charCodeAt(place)]
    if (left === right) continue
    const [isPair, isOtherPair] = [left >= 0xd800 && left < 0xe000, right >= 0xd800 && right < 0xe000]
    return isPair === isOtherPair ? left - right : isPair ? 1 : -1
  }
  return one.length - other.length
}
