export { issueTalosClient, type TalosRole } from "./client-certificate.ts";
export {
  type ApiServerCertificates,
  type ApiServerNames,
  type EtcdCertificates,
  issueApiServer,
  issueEtcd,
  issueKubeletClient,
  writeComponentKubeconfig,
} from "./control-plane.ts";
export { type KubeconfigInput, writeAdminKubeconfig } from "./kubeconfig.ts";
export { type MintPorts, mintSecrets } from "./mint-secrets.ts";
export { issueMaintenanceServer, issueNodeServer, type NodeNames } from "./node-certificate.ts";
export { readSecrets } from "./read-secrets.ts";
export type { SecretsBundle } from "./secrets-bundle.ts";
export { type TalosconfigInput, writeTalosconfig } from "./talosconfig.ts";
export { writeSecrets } from "./write-secrets.ts";
