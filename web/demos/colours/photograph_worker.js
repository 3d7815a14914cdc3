// Decodes one photograph away from the page's thread: a large one takes a browser up to a second.
const mostPixels = 1.5e6;

self.onmessage = async ({ data: blob }) => {
  try {
    const picture = await decode(blob);
    const width = picture.displayWidth ?? picture.width; // both turned as the camera says
    const height = picture.displayHeight ?? picture.height;
    const factor = Math.min(1, Math.sqrt(mostPixels / (width * height)));
    const size = [width, height].map((n) => Math.max(1, Math.floor(n * factor)));
    const context = new OffscreenCanvas(...size).getContext('2d', { willReadFrequently: true });
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, 0, 0, ...size);
    picture.close();
    const image = context.getImageData(0, 0, ...size);
    self.postMessage({ image, original: { width, height }, scaled: factor < 1 }, [image.data.buffer]);
  } catch (error) {
    self.postMessage({ problem: error.message });
  }
};

// Firefox does part of createImageBitmap's work on the page's thread, even here: a quarter of a second for 40
// megapixels. But only that finds out by itself what a file of no or the wrong type is.
async function decode(blob) {
  if (self.ImageDecoder && blob.type) {
    try {
      const decoder = new ImageDecoder({ data: await blob.arrayBuffer(), type: blob.type });
      for (const promise of [decoder.completed, decoder.tracks.ready]) promise.catch(() => {}); // decode() says it all
      return (await decoder.decode()).image;
    } catch {
      // left to the other way
    }
  }
  return createImageBitmap(blob);
}
