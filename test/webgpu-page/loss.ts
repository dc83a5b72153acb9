import { webgpu } from "@dzdt/kernels-wgsl";
import { compile, fori, ones, type Tensor } from "@dzdt/tensor";

/** What a page was told whose device was taken away while it computed. */
export interface LossOutcome {
  /** The error of numbers that were waited for. */
  readonly data: string;
  /** That of work given to the device afterwards. */
  readonly call: string;
  /** What a new device computes. */
  readonly again: readonly number[];
}

const shared = globalThis as { computing?: true; outcome?: LossOutcome | { readonly error: string } };

async function run(): Promise<LossOutcome> {
  const target = await webgpu();
  const f = compile((x: Tensor) => fori(1000, (_i, y: Tensor) => y.mul(0.999).add(x.sin()), x));
  const x = ones([10_000], { target });
  await f(x).data();
  shared.computing = true;
  let data: string | undefined;
  while (data === undefined)
    await f(x)
      .data()
      .catch((error: unknown) => (data = String(error)));
  let call = "nothing";
  try {
    f(x);
  } catch (error) {
    call = String(error);
  }
  const again = await ones([3], { target: await webgpu() })
    .add(1)
    .data();
  return { data, call, again: Array.from(again) };
}

run().then(
  (outcome) => (shared.outcome = outcome),
  (error: unknown) => (shared.outcome = { error: String(error) }),
);
