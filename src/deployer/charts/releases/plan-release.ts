import { objectName } from "../../../kube/index.ts";
import { isOperatorError } from "../../../lib/errors/index.ts";
import { isUnchanged } from "./deploy-release.ts";
import { fieldDiff } from "./field-diff.ts";
import type { Sight } from "./look.ts";
import { prepare } from "./prepare.ts";
import { nameOf, readManifest } from "./read-manifest.ts";
import { explain } from "./refusals.ts";
import { hooksOf } from "./run-hooks.ts";
import type { Session } from "./session.ts";
import type { PlannedChange, ReleasePlan, ReleaseRequest } from "./types.ts";

/**
 * What `deployRelease` would do, object by object, by server-side dry run. Writes nothing. What the server would refuse is said
 * of the object and does not end the plan.
 *
 * @throws OperatorError CHART_…, RELEASE_KIND_UNKNOWN, RELEASE_MANIFEST_INVALID, KUBE_…
 */
export async function planRelease(request: ReleaseRequest): Promise<ReleasePlan> {
  const prepared = await prepare(request, { isPlan: true });
  const { session, rendered, sights, leaving, crds, isInstall, last, revision } = prepared;
  const same = isUnchanged(prepared);
  const events = isInstall ? (["pre-install", "post-install"] as const) : (["pre-upgrade", "post-upgrade"] as const);
  const hooks = events.flatMap((event) =>
    hooksOf(rendered.hooks, event).map((hook) => {
      const [object] = readManifest(hook.manifest ?? "", { file: hook.path ?? "a hook" });
      return `${event} ${object === undefined ? (hook.name ?? "") : nameOf(withNamespace(object, request.namespace))}`;
    }),
  );
  return {
    outcome: same ? "unchanged" : isInstall ? "install" : "upgrade",
    revision: same ? (last?.revision ?? revision) : revision,
    objects: [
      ...crds.map(({ object }) => ({ object: objectName(object), outcome: "created" as const, fields: [] })),
      ...(await Promise.all(sights.map((sight) => planned(sight, session)))),
      ...leaving.map(({ object, outcome, reason }) => ({
        object,
        outcome,
        fields: [],
        ...(reason === undefined ? {} : { provisional: reason }),
      })),
    ],
    hooks: same ? [] : hooks,
    manifest: rendered.manifest,
    warnings: rendered.warnings,
  };
}

type HookObject = ReturnType<typeof readManifest>[number];
const withNamespace = (object: HookObject, namespace: string): HookObject => ({
  ...object,
  metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace },
});

async function planned(sight: Sight, session: Session): Promise<PlannedChange> {
  const { object, live, wouldBe, outcome, foreign, refusal, provisional } = sight;
  const change = { object: nameOf(object), outcome };
  if (foreign !== undefined) return { ...change, fields: [], refused: `it exists already, and ${foreign}` };
  if (refusal !== undefined) {
    const why = await explain(refusal, object, session, { isExisting: live !== undefined });
    return { ...change, fields: [], refused: isOperatorError(why) ? why.message : String(why) };
  }
  const fields = live === undefined || wouldBe === undefined ? [] : fieldDiff(live, wouldBe);
  return { ...change, fields, ...(provisional === undefined ? {} : { provisional }) };
}
