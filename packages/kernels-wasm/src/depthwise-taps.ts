import type { backend_util } from '@tensorflow/tfjs-core';

/** Visits every tap of every window that lies inside the image, with the offsets of its pixels and its weights. */
export type Visit = (pixel: number, window: number, weight: number) => void;

/**
 * Walks a depthwise convolution over channels-last tensors: `pixel` is the offset of x[b, h, w, 0], `window` of
 * dy[b, p, q, 0] and `weight` of W[i, j, 0, 0], where h = p·stride + i·dilation − top and w likewise.
 */
export function eachTap(info: backend_util.Conv2DInfo, visit: Visit): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, padInfo } = info;
  for (let b = 0; b < batchSize; b++) {
    for (let p = 0; p < outHeight; p++) {
      for (let q = 0; q < outWidth; q++) {
        const window = ((b * outHeight + p) * outWidth + q) * outChannels;
        for (let i = 0; i < info.filterHeight; i++) {
          const h = p * info.strideHeight + i * info.dilationHeight - padInfo.top;
          if (h < 0 || h >= inHeight) continue;
          for (let j = 0; j < info.filterWidth; j++) {
            const w = q * info.strideWidth + j * info.dilationWidth - padInfo.left;
            if (w < 0 || w >= inWidth) continue;
            const pixel = ((b * inHeight + h) * inWidth + w) * inChannels;
            visit(pixel, window, (i * info.filterWidth + j) * outChannels);
          }
        }
      }
    }
  }
}
