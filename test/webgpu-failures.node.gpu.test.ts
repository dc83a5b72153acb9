import { grad, vmap } from "@dzdt/autograd";
import { bosh3, odeint, type OdeintOptions, rk4, sdeint, type SdeintOptions, SolveError } from "@dzdt/odeint";
import { compile, random, stack, type Target, type Tensor, tensor, wasm } from "@dzdt/tensor";
import { webgpu } from "@dzdt/kernels-wgsl";
import { describe, expect, test } from "vitest";
import { gpu } from "./webgpu-target";

type Field = (t: Tensor, y: Tensor) => Tensor;

const at = (y: Tensor, i: number): Tensor => y.slice([i], [i + 1]).reshape([]);

const lorenz: Field = (_t, y) => {
  const [a, b, c] = [at(y, 0), at(y, 1), at(y, 2)];
  return stack([b.sub(a).mul(10), a.mul(c.neg().add(28)).sub(b), a.mul(b).sub(c.mul(8 / 3))]);
};
/** Turns about 0 as often as its last component says. */
const spinning: Field = (_t, y) => stack([at(y, 1).mul(at(y, 2)), at(y, 0).mul(at(y, 2)).neg(), at(y, 2).mul(0)]);

/** Eight rows of which all are alike but row 3. */
const rows = (usual: readonly number[], third: readonly number[]): number[][] =>
  Array.from({ length: 8 }, (_, i) => [...(i === 3 ? third : usual)]);

async function failureOf(run: () => Tensor): Promise<SolveError> {
  const error: unknown = await (async () => run().data())().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SolveError) return error;
  throw new Error("there was no failure", { cause: error });
}

/** Messages without the digits of times and states. */
const words = ({ message }: SolveError): string => message.replace(/(?<=(=|step|derivative) )-?\d[\d.e+-]*/g, "#");

/** Ways to solve for all rows. */
const ways: Readonly<Record<string, (field: Field, options: OdeintOptions) => (y: Tensor) => Tensor>> = {
  independent: (field, options) => (y) => odeint(field, y, [0, 1, 2], { ...options, batch: "independent" }).ys,
  vmap: (field, options) =>
    vmap((y: Tensor) => odeint(field, y, [0, 1, 2], options as OdeintOptions & Record<never, never>).ys),
};

const cases: Readonly<
  Record<string, { field: Field; rows: number[][]; options: OdeintOptions; named: string; status: string }>
> = {
  "NaN in one row of Lorenz": {
    field: lorenz,
    rows: rows([1, 2, 3], [1, NaN, 3]),
    options: {},
    status: "nonFinite",
    named: "odeint: trajectory 3: nonFinite at t = # before the first step, y[1] = NaN with derivative NaN; check ",
  },
  "more steps than may be in row 3": {
    field: spinning,
    rows: rows([1, 0, 1], [1, 0, 200]),
    options: { maxSteps: 60 },
    status: "maxStepsReached",
    named: "odeint: trajectory 3: maxStepsReached at t = # with step # after ",
  },
};

describe("a failed solve says which trajectory, when and where, as on wasm", () => {
  describe.each(Object.entries(cases))("%s", (_name, { field, rows, options, named, status }) => {
    test.each(Object.entries(ways))("%s", async (_way, way) => {
      const on = async (target: Target): Promise<SolveError[]> => {
        const run = way(field, options);
        const y = tensor(rows, { target });
        return [await failureOf(() => run(y)), await failureOf(() => compile(run, { target })(y))];
      };
      const [expected, found] = [await on(wasm()), await on(await gpu())];
      // Eager and compiled.
      for (const each of expected) expect(each.message).toBe(expected[0]!.message);
      const [one] = expected;
      for (const each of found) {
        expect(each.status).toBe(status);
        expect(words(each)).toMatch(named);
        expect(words(each)).toBe(words(one!));
        expect(each).toMatchObject({ component: one!.component, accepted: one!.accepted, rejected: one!.rejected });
        for (const name of ["t", "h"] as const)
          expect(Math.abs(each[name]! - one![name]!) < 1e-4 || Object.is(each[name], one![name])).toBe(true);
      }
    });
  });

  test("and so does its gradient", async () => {
    const cube: Field = (_t, y) => y.mul(y).mul(y);
    const end = (y: Tensor): Tensor => odeint(cube, y, [0, 1], { solver: bosh3, batch: "independent" }).ys.sum();
    const on = (target: Target): Promise<SolveError> =>
      failureOf(() => compile(grad(end), { target })(tensor([[0.1], [0.2], [NaN]], { target })));
    const [expected, found] = [await on(wasm()), await on(await gpu())];
    expect(expected.message).toMatch(/^odeint: trajectory 2: nonFinite at t = 0 before the first step, y\[0\] = NaN /);
    expect(found.message).toBe(expected.message);
  });

  test("and so does what is computed from it, be it of several solves", async () => {
    const target = await gpu();
    const { field, rows } = cases["NaN in one row of Lorenz"]!;
    const solved = (given: number[][]): Tensor =>
      odeint(field, tensor(given, { target }), [0, 1], { batch: "independent" }).ys;
    const [fine, failed] = [solved(rows.slice(0, 3)), solved(rows)];
    const { message } = await failureOf(() => failed);
    expect(message).toMatch(/^odeint: trajectory 3: nonFinite at t = 0 /);
    expect((await failureOf(() => fine.sum().add(failed.sum()).mul(2))).message).toBe(message);
    expect((await fine.data()).every(Number.isFinite)).toBe(true);
  });

  test("but for when a step of one length led to what is not finite", async () => {
    const blowUp: Field = (_t, y) => y.square();
    const run = (y: Tensor): Tensor => odeint(blowUp, y, [0, 2], { solver: rk4, dt0: 0.1, batch: "independent" }).ys;
    const on = (target: Target): Promise<SolveError> =>
      failureOf(() => compile(run, { target })(tensor([[0.1], [5]], { target })));
    const [expected, found] = [await on(wasm()), await on(await gpu())];
    expect(found.message).toBe(expected.message);
    expect(found.message).toMatch(
      /^odeint: trajectory 1: nonFinite by t = 2, y\[0\] = (NaN|Infinity).*says at which step\)$/,
    );
    expect(found.t).toBeUndefined();
  });

  test.each<readonly [string, SdeintOptions<undefined, "ito", "diagonal">, RegExp]>([
    ["of one length", { dt: 0.05 }, /^sdeint: trajectory 2: nonFinite by t = 0\.5, y\[1\] = NaN; check drift/],
    [
      "of one length, of which there are too many",
      { dt: 0.05, maxSteps: 19 },
      /^sdeint: trajectory 0: maxStepsReached at t = 0 with step 0\.05.*; 20 steps of this/,
    ],
    [
      "chosen by their errors",
      { rtol: 1e-2, maxSteps: 30 },
      /^sdeint: trajectory 2: (maxStepsReached|stepUnderflow) at t = 0\.\d+ with step .*; /,
    ],
  ])("as do stochastic solves with steps %s", async (_name, options, expected) => {
    const wild = {
      drift: (_t: Tensor, y: Tensor) => y.mul(y).mul(100),
      diffusion: (_t: Tensor, y: Tensor) => y.mul(0.1),
    };
    const on = async (target: Target): Promise<SolveError[]> => {
      const y = tensor(
        [
          [0, 0],
          [0, 0],
          [0, 1],
        ],
        { target },
      );
      const key = random.key(3, { target });
      const run = vmap((y: Tensor) => sdeint(wild, y, [0, 0.5, 1], { key, ...options }).ys);
      return [await failureOf(() => run(y)), await failureOf(() => compile(run, { target })(y))];
    };
    for (const each of [...(await on(wasm())), ...(await on(await gpu()))]) expect(each.message).toMatch(expected);
  });

  test("in float64 with all digits", async () => {
    using target = await webgpu({ df64: true });
    const blowUp: Field = (_t, y) => y.square();
    const run = (y: Tensor): Tensor => odeint(blowUp, y, [0, 2], { maxSteps: 9, rtol: 1e-9 }).ys;
    const on = (target: Target): Promise<SolveError> =>
      failureOf(() => run(tensor([0.1, 0.9], { dtype: "float64", target })));
    const [expected, found] = [await on(wasm()), await on(target)];
    expect(words(found)).toBe(words(expected));
    expect(found.t! / expected.t!).toBeCloseTo(1, 5);
    expect(Math.fround(found.t!)).not.toBe(found.t);
  });
});

test("a state of another target is a constant of a program, as all that it closes over is", async () => {
  const y0 = tensor([1, 2]);
  const decay =
    (k: Tensor): Field =>
    (_t, y) =>
      y.mul(k);
  const solves: readonly ((k: Tensor) => Tensor)[] = [
    (k) => odeint(decay(k), y0, [0, 1]).ys,
    (k) => odeint(decay(k), y0.reshape([2, 1]), [0, 1], { batch: "independent" }).ys,
    (k) => vmap((y: Tensor) => odeint(decay(k), y, [0, 1]).ys)(y0),
    (k) => odeint((_t, y: Tensor) => y.neg(), y0, [0, 1]).ys.mul(k),
    (k) =>
      sdeint({ drift: decay(k), diffusion: (_t, y) => y.mul(0.1) }, y0, [0, 1], { key: random.key(1), dt: 0.1 }).ys,
  ];
  const target = await gpu();
  for (const solve of solves) {
    const found = compile(solve, { target })(tensor(-1));
    expect(found.target).toBe(target);
    const given = compile((k: Tensor) => solve(k), { target: wasm() })(tensor(-1));
    const [a, b] = [await found.data(), await given.data()];
    a.forEach((x, i) => expect(Math.abs(x - b[i]!)).toBeLessThan(1e-3));
  }
  expect(() => odeint((_t, y: Tensor[]) => y.map((x) => x.neg()), [y0, tensor([1], { target })], [0, 1])).toThrow(
    /tensors on wasm and on webgpu do not mix/,
  );
});
