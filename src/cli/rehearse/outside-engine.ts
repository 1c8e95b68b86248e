import type { ChartEngine } from "../../deployer/index.ts";
import type { VirtualTime } from "../../lab/index.ts";

type Render = Parameters<ChartEngine["render"]>;

/** A question of the engine to whoever rehearses. */
interface Question {
  readonly ask: () => Promise<unknown>;
  readonly answer: (value: unknown) => void;
  readonly fail: (error: Error) => void;
}
type Next = { readonly question: Question } | { readonly done: Awaited<ReturnType<ChartEngine["render"]>> };

/**
 * Helm's engine in a rehearsal: it works in a thread of its own, in real time, so virtual time stands still meanwhile; what it asks
 * on its way (a look into the cluster) happens in virtual time.
 */
export function outsideEngine(engine: ChartEngine, time: VirtualTime): ChartEngine {
  return {
    goTemplate: (...call) => time.outside(() => engine.goTemplate(...call)),
    matchesPattern: (...call) => time.outside(() => engine.matchesPattern(...call)),
    inspectChart: (...call) => time.outside(() => engine.inspectChart(...call)),
    packageChart: (...call) => time.outside(() => engine.packageChart(...call)),
    render: (...call) => render(engine, time, ...call),
    close: () => time.outside(() => engine.close()),
  };
}

async function render(engine: ChartEngine, time: VirtualTime, request: Render[0], call: Render[1]) {
  let next = Promise.withResolvers<Next>();
  const asking =
    <A extends readonly unknown[], T>(ask: (...args: A) => Promise<T>) =>
    (...args: A) =>
      new Promise<T>((resolve, reject) => {
        const answer = (value: unknown) => resolve(value as T);
        next.resolve({ question: { ask: () => ask(...args), answer, fail: reject } });
      });
  const { lookup, postRender } = request;
  engine
    .render(
      {
        ...request,
        ...(lookup === undefined ? {} : { lookup: asking(lookup) }),
        ...(postRender === undefined ? {} : { postRender: asking(postRender) }),
      },
      call,
    )
    .then(
      (done) => next.resolve({ done }),
      (error: unknown) => next.reject(error),
    );
  for (;;) {
    const found = await time.outside(() => next.promise);
    if ("done" in found) return found.done;
    // The engine asks one thing at a time, and goes on only when it is answered.
    next = Promise.withResolvers<Next>();
    const { ask, answer, fail } = found.question;
    await ask().then(answer, fail);
  }
}
