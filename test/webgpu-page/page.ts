import { grad, valueAndGrad } from "@dzdt/autograd";
import { webgpu } from "@dzdt/kernels-wgsl";
import { hnn, type HnnParams, optim } from "@dzdt/models";
import { odeint, tsit5 } from "@dzdt/odeint";
import {
  compile,
  matmul,
  random,
  type Target,
  type Tensor,
  tensor,
  tree,
  type Tree,
  wasm,
  withTarget,
} from "@dzdt/tensor";

/** What a page computed, by name, on each target. */
export interface PageOutcome {
  readonly adapter?: string;
  readonly found?: Record<string, readonly number[]>;
  readonly expected?: Record<string, readonly number[]>;
  readonly error?: string;
}

const pattern = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => Math.sin(i * columns + j)));

/** A product, a gradient, a solve, and a step of training. */
function tensors(): Record<string, Tensor[]> {
  const [a, b] = [tensor(pattern(40, 30)), tensor(pattern(30, 50))];
  const slope = compile(grad((x: Tensor) => x.mul(x).tanh().sum()));
  const pendulum = (_t: Tensor, { q, p }: { q: Tensor; p: Tensor }) => ({ q: p, p: q.sin().neg() });
  const { ys } = odeint(pendulum, { q: tensor([1, 2]), p: tensor([0, 0]) }, [0, 1], { solver: tsit5 });
  const model = hnn({ dim: 1, hidden: [16, 16] });
  const optimizer = optim.adam({ rate: 1e-2 });
  const params = model.init(random.key(3));
  const batch = { y: tensor(pattern(24, 2)), dy: tensor(pattern(24, 2)) };
  const train = compile((p: HnnParams, state: Tree): Tree => {
    const [loss, gradient] = valueAndGrad((at: HnnParams) => model.loss(at, batch))(p);
    return [loss, optimizer.update(gradient, state as never, p)[0]];
  });
  return {
    "a matmul": [matmul(a, b)],
    "a gradient": [slope(tensor(pattern(1, 9)))],
    "a solve": [ys.q, ys.p],
    "a training step": tree.leaves(train(params, optimizer.init(params))) as Tensor[],
  };
}

async function numbers(target: Target): Promise<Record<string, number[]>> {
  const results = withTarget(target, tensors);
  const read = async ([name, xs]: [string, Tensor[]]): Promise<[string, number[]]> => [
    name,
    (await Promise.all(xs.map((x) => x.data()))).flatMap((values) => Array.from(values)),
  ];
  return Object.fromEntries(await Promise.all(Object.entries(results).map(read)));
}

async function run(): Promise<PageOutcome> {
  const gpu = await webgpu();
  const { vendor, architecture } = gpu.device.adapterInfo;
  return { adapter: `${vendor} ${architecture}`, found: await numbers(gpu), expected: await numbers(wasm()) };
}

const page = globalThis as { outcome?: PageOutcome };
run().then(
  (outcome) => (page.outcome = outcome),
  (error: unknown) => (page.outcome = { error: String((error as Error).stack ?? error) }),
);
