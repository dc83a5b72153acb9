import { grad, vmap } from "@dzdt/autograd";
import { compile, type DType, tensor, type Tensor, tree, type Tree, whileLoop } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { odeint, tsit5 } from "../src/index";

const types = ["float32", "float64"] as const satisfies readonly DType[];

/** Frequencies of which every so many is 20 times as high. */
const periodic = (length: number, period: number): number[] =>
  Array.from({ length }, (_, i) => (i % period === 0 ? 20 : 1) + (i % 5) / 8);

/** Batches of more rows than lanes, with some over. */
const batches = [
  [45, 8],
  [130, 4],
] as const;

const flat = (found: unknown): number[][] =>
  tree.leaves(found as Tree).map((x) => Array.from((x as Tensor).dataSync()));

/** A batch is, row by row and to the bit, what the function gives for each number alone. */
function rowsAreSingles(f: (w: Tensor) => Tree, together: (ws: Tensor) => Tree, dtype: DType): void {
  const [batch, one] = [compile(together), compile(f)];
  for (const [length, period] of batches) {
    const ws = periodic(length, period);
    const rows = flat(batch(tensor(ws, { dtype })));
    const alone = ws.map((w) => flat(one(tensor(w, { dtype }))));
    rows.forEach((list, leaf) => expect(list).toEqual(alone.flatMap((leaves) => leaves[leaf]!)));
  }
}

const options = { solver: tsit5, rtol: 1e-3, atol: 1e-3, maxSteps: 400 };
const turn = (_t: Tensor, [q, p, w]: Tensor[]): Tensor[] => [p!.mul(w!), q!.neg().mul(w!), w!.mul(0)];

/** Where a point is that turns with frequency w. */
const turned = (w: Tensor): { ys: Tensor[]; steps: Tensor } => {
  const one = tensor(1, { dtype: w.dtype as "float32" });
  const { ys, stats } = odeint(turn, [one, one.mul(0), w], [0, 2], options);
  return { ys, steps: stats.steps };
};

describe.each(types)("rows of which some take 20 times as long, in %s", (dtype) => {
  test("are loops of their own", () => {
    const grown = (n: Tensor): Tensor[] =>
      whileLoop(
        ([i]) => i!.less(n),
        ([i, y]) => [i!.add(1), y!.mul(1.01).add(y!.sin().square())],
        [n.mul(0), n.div(7)],
        { maxSteps: 100 },
      );
    rowsAreSingles(grown, vmap(grown), dtype);
    const slope = (n: Tensor): Tensor => grad((x: Tensor) => grown(x)[1]!)(n);
    rowsAreSingles(slope, vmap(slope), dtype);
  });

  test("are solves of their own, with steps of their own", () => {
    rowsAreSingles(turned, vmap(turned), dtype);
  });

  test("have gradients of their own", () => {
    const slope = (w: Tensor): Tensor => grad((x: Tensor) => turned(x).ys[0]!.slice([1], [2]).sum())(w);
    rowsAreSingles(slope, vmap(slope), dtype);
  });

  test("are trajectories of one solve", () => {
    const trajectories = (ws: Tensor): { ys: Tensor[]; steps: Tensor } => {
      const ones = ws.mul(0).add(1);
      const { ys, stats } = odeint(turn, [ones, ones.mul(0), ws], [0, 2], { ...options, batch: "independent" });
      return { ys: ys.map((y) => y.transpose()), steps: stats.steps };
    };
    rowsAreSingles(turned, trajectories, dtype);
  });
});
