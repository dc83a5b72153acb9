import { grad, jvp, vmap } from "@dzdt/autograd";
import { compile, cond, fori, ops, sum, tensor, type Tensor, whileLoop } from "@dzdt/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";

/** An operation on values that are there, chosen by number. */
interface Step {
  readonly op: string;
  readonly picks: readonly number[];
  readonly body: readonly Step[];
}
interface Scope {
  readonly step: Step;
  at(k: number): Tensor;
  run(own: readonly Tensor[]): Tensor;
}
type Operation = (s: Scope) => Tensor;

const one =
  (f: (x: Tensor) => Tensor): Operation =>
  (s) =>
    f(s.at(0));
const two =
  (f: (x: Tensor, y: Tensor) => Tensor): Operation =>
  (s) =>
    f(s.at(0), s.at(1));
const repeated = (f: (x: Tensor) => Tensor): Operation => one((x) => ops.broadcastTo(f(x), x.shape));

/** Operations that leave the finite numbers, or whose slope does, soon. */
const singular: Readonly<Record<string, Operation>> = {
  log: one(ops.log),
  sqrt: one(ops.sqrt),
  asin: one(ops.asin),
  inverse: one((x) => ops.div(1, x)),
  exp: one((x) => ops.exp(ops.mul(x, 3))),
  decrement: one((x) => ops.sub(x, 1)),
  cumprod: one((x) => ops.cumprod(x, 0)),
  softmax: one((x) => ops.softmax(x)),
  norm: repeated((x) => ops.norm(x)),
  prod: repeated((x) => ops.prod(x)),
  pow: two((x, y) => ops.pow(x, ops.tanh(y))),
  div: two(ops.div),
  mul: two(ops.mul),
  add: two(ops.add),
  atan2: two(ops.atan2),
  matmul: two((x, y) => ops.matmul(ops.outer(x, y), x)),
};
const level = (s: Scope): number => s.step.picks[2]! - 3;
const checkpoints = ["all", "sqrt", "log", 2] as const;
const control: Readonly<Record<string, Operation>> = {
  cond: (s) =>
    cond(
      sum(s.at(0)).greater(level(s) * 0.3),
      (x: Tensor, y: Tensor) => s.run([x, y]),
      (x: Tensor) => ops.mul(x, 2),
      s.at(0),
      s.at(1),
    ),
  closure: (s) =>
    cond(
      sum(s.at(0)).greater(level(s) * 0.3),
      () => s.run([]),
      () => ops.mul(s.at(1), 2),
    ),
  while: (s) =>
    whileLoop(
      ([x]: Tensor[]) => sum(x!).less(s.step.picks[2]! * 0.5),
      ([x, y]: Tensor[]) => [x!.add(ops.abs(x!)).add(0.2), ops.tanh(s.run([x!, y!]))],
      [s.at(0), s.at(1)],
      { maxSteps: 6, checkpoints: checkpoints[s.step.picks[1]! % 4]! },
    )[1]!,
  fori: (s) => fori(s.step.picks[2]! % 3, (_i, c: Tensor) => ops.tanh(s.run([c])), s.at(0)),
  grad: (s) => grad((x: Tensor) => sum(s.run([x])))(s.at(0)),
};

function runSteps(steps: readonly Step[], given: readonly Tensor[]): Tensor {
  const values = [...given];
  for (const step of steps)
    values.push(
      (singular[step.op] ?? control[step.op]!)({
        step,
        at: (k) => values[values.length - 1 - (step.picks[k]! % values.length)]!,
        run: (own) => runSteps(step.body, [...values.slice(-3), ...own]),
      }),
    );
  return values.at(-1)!;
}

const picks = fc.array(fc.nat({ max: 5 }), { minLength: 3, maxLength: 3 });
function steps(depth: number): fc.Arbitrary<Step> {
  const plain = fc.record({ op: fc.constantFrom(...Object.keys(singular)), picks, body: fc.constant<Step[]>([]) });
  if (depth === 0) return plain;
  const body = fc.array(steps(depth - 1), { minLength: 1, maxLength: 4 });
  return fc.oneof(plain, fc.record({ op: fc.constantFrom(...Object.keys(control)), picks, body }));
}

const f64 = (x: Parameters<typeof tensor>[0]): Tensor => tensor(x, { dtype: "float64" });
const numbers = (xs: readonly Tensor[]): number[][] => xs.map((x) => Array.from(x.dataSync()));
const xs = [
  [0.5, 1.5],
  [-0.5, 0.25],
  [2, -3],
  [0, 1],
  [-1, -2],
] as const;
const ys = [
  [1, 1],
  [0.5, -1],
  [-2, 0],
  [3, 0.1],
  [0, 0],
] as const;

test("where an element alone has a derivative, it has it in a batch, whatever branches and steps others take", () => {
  fc.assert(
    fc.property(fc.array(steps(2), { minLength: 1, maxLength: 4 }), (program) => {
      const f = (x: Tensor, y: Tensor): Tensor => sum(ops.tanh(runSteps(program, [x, y])));
      const many = (x: Tensor, y: Tensor): Tensor => vmap(f)(x, y);
      const derivatives = (g: (x: Tensor, y: Tensor) => Tensor): ((x: Tensor, y: Tensor) => Tensor[]) =>
        compile((x: Tensor, y: Tensor) => [
          g(x, y),
          jvp(g, [x, y], [ops.cos(x), ops.sin(y)])[1],
          ...grad((x: Tensor, y: Tensor) => sum(g(x, y)), [0, 1])(x, y),
        ]);
      const single = derivatives(f);
      const found = numbers(derivatives(many)(f64(xs), f64(ys)));
      xs.forEach((x, lane) =>
        numbers(single(f64(x), f64(ys[lane]!))).forEach((alone, k) =>
          alone.forEach((expected, i) => {
            if (!Number.isFinite(expected)) return;
            const x = found[k]![lane * alone.length + i]!;
            if (!(Math.abs(x - expected) <= 1e-7 * (1 + Math.abs(expected))))
              expect.fail(`result ${k} of element ${lane} is ${x}, alone ${expected}`);
          }),
        ),
      );
    }),
    { numRuns: Number(process.env["RUNS"] ?? 40) },
  );
}, 600_000);
