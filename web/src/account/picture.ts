// A picture that is small enough to be kept with the account itself, so that no other origin is asked for it.

const side = 128

export class UnreadablePicture extends Error {}

/** The middle of a picture, as a `data:` address. */
export async function portrait(file: Blob): Promise<string> {
  const picture = await createImageBitmap(file).catch(() => {
    throw new UnreadablePicture()
  })
  const canvas = document.createElement('canvas')
  canvas.width = side
  canvas.height = side
  const edge = Math.min(picture.width, picture.height)
  const [left, top] = [(picture.width - edge) / 2, (picture.height - edge) / 2]
  const context = canvas.getContext('2d')
  if (!context || edge === 0) throw new UnreadablePicture()
  context.imageSmoothingQuality = 'high'
  context.drawImage(picture, left, top, edge, edge, 0, 0, side, side)
  picture.close()
  // Browsers that make no WebP make PNG of this.
  return canvas.toDataURL('image/webp', 0.82)
}
