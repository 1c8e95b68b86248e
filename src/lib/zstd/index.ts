export { releaseFrame, zstdCompress } from "./compress.ts";
export { type ZstdLimits, zstdDecompress } from "./decompress.ts";
export { measureZstd, type ReadAt, type ZstdMeasure } from "./measure.ts";
export { ZstdError, type ZstdFault } from "./zstd-error.ts";
