import { localWorkplace } from "../../deployer/index.ts";

type Workplace = ReturnType<typeof localWorkplace>;

/**
 * This machine as the commands of packages see it: kubectl and what stands in for `./zarf` reach the cluster that is deployed to,
 * and never another one that the operator's own environment names.
 *
 * @param how.kubeconfig - absolute, because commands may run in other folders; undefined: no cluster is deployed to
 * @param how.self - how this program is started; undefined: `./zarf tools wait-for` is not stood in for
 * @param how.folder - where commands run; default: where this process was started
 */
export function workplaceFor(how: {
  readonly kubeconfig: string | undefined;
  readonly self: readonly string[] | undefined;
  readonly folder?: string;
}): Workplace {
  const { kubeconfig, self, folder } = how;
  return {
    ...localWorkplace(),
    ...(folder === undefined ? {} : { folder }),
    ...(kubeconfig === undefined ? {} : { environment: { KUBECONFIG: kubeconfig } }),
    ...(self === undefined ? {} : { program: [...self, "tools"] }),
  };
}
