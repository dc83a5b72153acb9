import { checkpoint, customJvp, customVjp, grad, hvp, jvp, vjp, vmap } from "@dzdt/autograd";
import { compile, isFloat, js, mul, ops, stack, sum, type Tensor, tensor, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Operation, type Scope, smoothOperations } from "./operations";
import { functionOf, inputOf, programs } from "./programs";

const f64 = (x: Parameters<typeof tensor>[0]): Tensor => tensor(x, { dtype: "float64" });
const floats = (xs: readonly Tensor[]): Tensor[] => xs.filter((x) => isFloat(x.dtype));
/** The float that a body ends with, in range. */
const ending = (s: Scope, own: readonly Tensor[], alone = false): Tensor => ops.sin(floats(s.run(own, alone)).at(-1)!);
const number = (s: Scope, own: readonly Tensor[]): Tensor => ops.mul(sum(ending(s, own)), 0.3);
const given = (s: Scope): [Tensor, Tensor] => [0, 1].map((k) => ops.cast(s.at(k), "float64")) as [Tensor, Tensor];
const direction = (x: Tensor): Tensor => ops.cos(mul(x, 7));

/** Programs whose parts are derivatives of programs, batches of them, or have rules of their own. */
const transformOperations: Readonly<Record<string, Operation>> = {
  ...smoothOperations,
  kept: (s) => checkpoint((x: Tensor, y: Tensor) => s.run([x, y]).slice(-2))(...given(s)),
  mapped: (s) => {
    const [x, y] = given(s);
    const axis = s.axis(x);
    const other = y.shape.indexOf(x.shape[axis]!);
    return vmap(
      (a: Tensor, b: Tensor) => s.run([a, b]).slice(-2),
      [axis, other < 0 ? null : other],
      s.step.n % 2 ? 0 : -1,
    )(x, y);
  },
  gradient: (s) => grad((x: Tensor, y: Tensor) => number(s, [x, y]), [0, 1])(...given(s)).map(ops.tanh),
  pushed: (s) =>
    jvp((x: Tensor, y: Tensor) => ending(s, [x, y]), given(s), given(s).map(direction) as [Tensor, Tensor]),
  pulled: (s) => {
    const [y, pullback] = vjp((x: Tensor, y: Tensor) => ending(s, [x, y]), ...given(s));
    return [y, ...pullback(direction(y)).map(ops.tanh)];
  },
  curved: (s) => ops.tanh(hvp((x: Tensor) => number(s, [x]), given(s)[0], direction(given(s)[0]))),
  ruledBack: (s) => {
    const f = (x: Tensor, y: Tensor): Tensor => ending(s, [x, y], true);
    const forward = (x: Tensor, y: Tensor) => [f(x, y), [x, y] as [Tensor, Tensor]] as const;
    return customVjp(f, { forward, backward: ([x, y], ct: Tensor) => vjp(f, x, y)[1](ct) })(...given(s));
  },
  ruledAhead: (s) => {
    const f = (x: Tensor, y: Tensor): Tensor => ending(s, [x, y], true);
    return customJvp(f, (ins, tangents) => jvp(f, ins, tangents))(...given(s));
  },
};

const numbers = (xs: readonly Tensor[]): number[] => xs.flatMap((x) => Array.from(x.dataSync()));
function near(found: readonly number[], expected: readonly number[], rtol: number, what: string): void {
  const size = Math.max(1, ...expected.map(Math.abs));
  expect(found.length, what).toBe(expected.length);
  found.forEach((x, i) => {
    if (!(Math.abs(x - expected[i]!) <= rtol * size)) expect.fail(`${what}: element ${i} is ${x}, not ${expected[i]}`);
  });
}

test("transforms inside programs inside transforms: forward is reverse is central differences, a batch is its elements, js is wasm", () => {
  const arbitrary = programs(transformOperations, { dtypes: ["float64"], steps: 4 });
  fc.assert(
    fc.property(arbitrary, (program) => {
      const f = functionOf(program, transformOperations);
      const loss = (...xs: Tensor[]): Tensor =>
        floats(f(...xs)).reduce((total, x) => total.add(sum(ops.sin(ops.tanh(x)))), f64(0));
      const xs = program.inputs.map((x) => mul(inputOf(x), 0.4));
      const gradient = grad(loss, program.inputs.map((_, j) => j) as never) as unknown as (...ys: Tensor[]) => Tensor[];
      const all = (...ys: Tensor[]): Tensor[] => [loss(...ys), jvp(loss, ys, ys.map(direction))[1], ...gradient(...ys)];
      const compiled = compile(all);
      const [, slope, ...cts] = compiled(...xs);
      const along = numbers(cts).reduce((total, x, i) => total + x * numbers(xs.map(direction))[i]!, 0);
      near([slope!.itemSync()], [along], 1e-9, "forward");
      const value = compile(loss);
      const moved = (h: number): number => value(...xs.map((x) => x.add(mul(direction(x), h)))).itemSync();
      near([along], [(moved(1e-5) - moved(-1e-5)) / 2e-5], 1e-4, "central differences");
      const lanes = [0, 1, 2].map((lane) => xs.map((x) => x.add(lane * 0.21)));
      const many = compile((...ys: Tensor[]) => vmap(all)(...ys))(
        ...xs.map((_, j) => stack(lanes.map((ys) => ys[j]!))),
      );
      const single = lanes.map((ys) => compiled(...ys));
      many.forEach((x, k) => near(numbers([x]), numbers(single.map((ys) => ys[k]!)), 1e-9, `result ${k} of a batch`));
      withTarget(js(), () => {
        const same = compile(all)(...program.inputs.map((x) => mul(inputOf(x), 0.4)));
        near(numbers(same), numbers(compiled(...xs)), 1e-9, "js");
      });
    }),
    { numRuns: Number(process.env["RUNS"] ?? 25) },
  );
}, 600_000);
