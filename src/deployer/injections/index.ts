export type { DataInjection, Injected, InjectionProgress, InjectRequest } from "./inject-request.ts";
