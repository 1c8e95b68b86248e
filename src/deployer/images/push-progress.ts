import type { ImagePushProgress } from "./push-request.ts";

/** Adds up what the parts of a push tell. */
export interface PushProgress {
  /** A blob that must be there: its size counts from now on. */
  readonly expect: (image: string, key: string, sizeBytes: number) => void;
  readonly reached: (image: string, key: string, bytes: number) => void;
  readonly imageDone: (image: string) => void;
}

export function startProgress(
  total: number,
  onProgress: ((event: ImagePushProgress) => void) | undefined,
): PushProgress {
  const blobs = new Map<string, number>();
  let done = 0;
  let bytesDone = 0;
  let bytesTotal = 0;
  const tell = (image: string): void => onProgress?.({ images: { done, total }, bytesDone, bytesTotal, image });
  return {
    expect: (image, key, sizeBytes) => {
      if (blobs.has(key)) return;
      blobs.set(key, 0);
      bytesTotal += sizeBytes;
      tell(image);
    },
    reached: (image, key, bytes) => {
      bytesDone += bytes - (blobs.get(key) ?? 0);
      blobs.set(key, bytes);
      tell(image);
    },
    imageDone: (image) => {
      done += 1;
      tell(image);
    },
  };
}
