import { grad, jvp, vmap } from "@dzdt/autograd";
import {
  compile,
  isFloat,
  js,
  mul,
  ops,
  reshape,
  sin,
  stack,
  sum,
  type Tensor,
  tensor,
  withTarget,
} from "@dzdt/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { smoothOperations } from "./operations";
import { functionOf, inputOf, type Program, programs } from "./programs";

const runs = Number(process.env["RUNS"] ?? 150);
const smooth = programs(smoothOperations, { dtypes: ["float64"], steps: 8 });
const f64 = (x: Parameters<typeof tensor>[0]): Tensor => tensor(x, { dtype: "float64" });

/** The program's floats as one number, each element with a weight of its own. */
function lossOf(program: Program): (...xs: Tensor[]) => Tensor {
  const f = functionOf(program, smoothOperations);
  const weigh = (x: Tensor): Tensor =>
    sum(mul(sin(x), reshape(ops.add(ops.mul(ops.cast(ops.arange(x.size), "float64"), 0.37), 0.5), x.shape)));
  return (...xs) =>
    f(...xs)
      .filter((x) => isFloat(x.dtype))
      .reduce((total, x) => total.add(weigh(ops.tanh(x))), f64(0));
}
const inputsOf = (program: Program): Tensor[] => program.inputs.map((x) => mul(inputOf(x), 0.4));
const directionOf = (xs: readonly Tensor[]): Tensor[] => xs.map((x, j) => ops.cos(ops.add(mul(x, 7), j + 1)));
const all = (xs: readonly Tensor[]): number[] => xs.flatMap((x) => Array.from(x.dataSync()));
type Many = (...xs: Tensor[]) => Tensor[];
/** Derivatives by all arguments, and by the first. */
const gradientOf = (f: (...xs: Tensor[]) => Tensor, xs: readonly Tensor[]): Many =>
  grad(f, xs.map((_, j) => j) as never) as unknown as Many;
const first = (f: (...xs: Tensor[]) => Tensor): ((...xs: Tensor[]) => Tensor) => grad(f);
function near(found: readonly number[], expected: readonly number[], rtol: number, what: string): void {
  const size = Math.max(1, ...expected.map(Math.abs));
  expect(found.length, what).toBe(expected.length);
  found.forEach((x, i) => {
    if (!(Math.abs(x - expected[i]!) <= rtol * size))
      expect.fail(`${what}: element ${i} is ${x}, not ${expected[i]} (allowed ${rtol * size})`);
  });
}
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((total, x, i) => total + x * b[i]!, 0);

test("gradients of random programs are those of central differences, eager and compiled, forward and reverse, on both targets", () => {
  fc.assert(
    fc.property(smooth, (program) => {
      const f = lossOf(program);
      const xs = inputsOf(program);
      const gradient = gradientOf(f, xs);
      const vs = directionOf(xs);
      const found = all(gradient(...xs));
      const slope = dot(found, all(vs));
      const step = 1e-5;
      const moved = (h: number): number => f(...xs.map((x, j) => x.add(mul(vs[j]!, h)))).itemSync();
      near([slope], [(moved(step) - moved(-step)) / (2 * step)], 1e-5, "central differences");
      near([jvp(f, xs, vs)[1].itemSync()], [slope], 1e-10, "forward mode");
      near(all(compile(gradient)(...xs)), found, 1e-12, "compiled");
      near(all(gradientOf(compile(f), xs)(...xs)), found, 1e-12, "grad of compiled");
      withTarget(js(), () => near(all(gradient(...inputsOf(program))), found, 1e-9, "js"));
    }),
    { numRuns: runs },
  );
}, 600_000);

test("second derivatives of random programs are symmetric, and forward over reverse is reverse over reverse", () => {
  fc.assert(
    fc.property(smooth, (program) => {
      const f = lossOf(program);
      const xs = inputsOf(program);
      const gradient = gradientOf(f, xs);
      const [vs, ws] = [directionOf(xs), directionOf(xs.map((x) => x.add(1)))];
      const forward = all(jvp((...ys: Tensor[]) => gradient(...ys), xs, vs)[1]);
      const along = (...ys: Tensor[]): Tensor =>
        gradient(...ys).reduce((total, g, j) => total.add(sum(mul(g, vs[j]!))), f64(0));
      const reverse = all(gradientOf(along, xs)(...xs));
      near(forward, reverse, 1e-8, "forward over reverse");
      const other = all(jvp((...ys: Tensor[]) => gradient(...ys), xs, ws)[1]);
      near([dot(forward, all(ws))], [dot(other, all(vs))], 1e-8, "symmetry");
      const second = compile((...ys: Tensor[]) => jvp((...zs: Tensor[]) => gradient(...zs), ys, vs)[1]);
      near(all(second(...xs)), forward, 1e-10, "compiled");
    }),
    { numRuns: runs },
  );
}, 600_000);

test("vmap of random programs, and of their gradients, is the stack of single results", () => {
  fc.assert(
    fc.property(smooth, fc.nat({ max: 7 }), (program, mask) => {
      const f = lossOf(program);
      const along = (...xs: Tensor[]): Tensor => sum(sin(first(f)(...xs)));
      const g = (...xs: Tensor[]): Tensor[] => [
        ...functionOf(program, smoothOperations)(...xs),
        first(f)(...xs),
        first(along)(...xs),
      ];
      const xs = inputsOf(program);
      const batched = xs.map((_, j) => j === 0 || ((mask >> j) & 1) === 1);
      const lanes = [0, 1, 2].map((lane) => xs.map((x, j) => (batched[j] ? x.add(lane * 0.21) : x)));
      const stacked = xs.map((x, j) => (batched[j] ? stack(lanes.map((lane) => lane[j]!)) : x));
      const axes = batched.map((b) => (b ? 0 : null));
      const many: Many = vmap(g, axes);
      const expected = lanes.map((lane) => g(...lane));
      const found = many(...stacked);
      const fast = compile((...ys: Tensor[]) => many(...ys))(...stacked);
      expected[0]!.forEach((_, k) => {
        const wanted = all(expected.map((ys) => ys[k]!));
        near(all([found[k]!]), wanted, 1e-10, `result ${k}`);
        near(all([fast[k]!]), wanted, 1e-10, `compiled result ${k}`);
      });
    }),
    { numRuns: runs },
  );
}, 600_000);
