export { type Architecture, type Part, type PartName, parts } from "./catalog.ts";
export { ensureChartEngine } from "./ensure-chart-engine.ts";
export { type BuiltImages, ensureImages } from "./ensure-images.ts";
export { ensureLabRootfs } from "./ensure-lab-rootfs.ts";
export { type EnsureOptions, ensureParts } from "./ensure-parts.ts";
export { type Image, images } from "./image-catalog.ts";
export { type Internet, type InternetOptions, startInternet } from "./internet.ts";
export type { PartsEvent, Report } from "./report.ts";
