export { injectData } from "./inject-data.ts";
export type { DataInjection, Injected, InjectionProgress, InjectRequest } from "./inject-request.ts";
