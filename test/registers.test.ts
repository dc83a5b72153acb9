import { grad, jvp, vmap } from "@dzdt/autograd";
import {
  compile,
  concat,
  cond,
  cumsum,
  fori,
  js,
  linalg,
  scan,
  stack,
  take,
  type Target,
  type Tensor,
  tensor,
  wasm,
  where,
  whileLoop,
  withTarget,
} from "@dzdt/tensor";
import { constant, odeint, pid, rk4, tsit5 } from "@dzdt/odeint";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inMemory } from "./in-memory";
import { exactOperations } from "./operations";
import { functionOf, inputOf, programs } from "./programs";

const registers = wasm({ deterministic: true });
const memory = inMemory(registers);

const bits = (x: Tensor): unknown => ({ dtype: x.dtype, shape: x.shape, values: Array.from(x.dataSync()) });
const runs = Number(process.env["RUNS"] ?? 60);

/** The same bits with loops in registers, in memory, and interpreted (unless the host's elementary functions, which differ, take part). */
function agree(fn: (...ins: Tensor[]) => Tensor[], ins: () => Tensor[], interpreted = true): unknown {
  const of = (target: Target): unknown => withTarget(target, () => compile(fn)(...ins()).map(bits));
  const expected = of(registers);
  expect(of(memory), "in memory").toEqual(expected);
  if (interpreted) expect(of(js()), "interpreted").toEqual(expected);
  return expected;
}

const f64 = (values: number[]): Tensor => tensor(values, { dtype: "float64" });
const f32 = (values: number[]): Tensor => tensor(values, { dtype: "float32" });

describe("loops in registers and in memory give the same bits", () => {
  const bodies = programs(exactOperations, { steps: 6 }).filter(({ inputs }) =>
    inputs.every(({ shape }) => shape.reduce((n, d) => n * d, 1) <= 9),
  );
  type Step = (ins: Tensor[]) => Tensor[];
  const property = (law: (step: Step, length: number) => (...ins: Tensor[]) => Tensor[]): void =>
    fc.assert(
      fc.property(bodies, fc.nat({ max: 5 }), (program, length) => {
        const fn = functionOf(program, exactOperations);
        const step: Step = (ins) => {
          const outs = fn(...ins);
          return ins.map((x) => outs.find((y) => x.dtype === y.dtype && x.shape.join() === y.shape.join()) ?? x);
        };
        agree(law(step, length), () => program.inputs.map(inputOf));
      }),
      { numRuns: runs },
    );

  test("whatever an iteration computes", () => {
    property((step, length) => (...ins) => {
      const [last, rows] = scan((carry: Tensor[]) => [step(carry), carry], ins, undefined, { length: length + 2 });
      return [...last, ...rows];
    });
  }, 600_000);

  test("whatever independent iterations compute", () => {
    property((step, length) => (...ins) => {
      const rows = ins.map((x) =>
        stack(Array.from({ length: length + 1 }, (_, n) => (n % 2 ? x : x.equal(x).cast(x.dtype)))),
      );
      return scan((none: Tensor[], row: Tensor[]) => [none, [...step(row), ...row]], [] as Tensor[], rows)[1];
    });
  }, 600_000);

  test("whatever the loops of a batch compute", () => {
    property((step, length) => (...ins) => {
      const rows = ins.map((x) => stack(Array.from({ length: 5 }, (_, n) => (n % 2 ? x : x.equal(x).cast(x.dtype)))));
      const one = (...own: Tensor[]): Tensor[] => {
        const [last, each] = scan((carry: Tensor[]) => [step(carry), carry], own, undefined, { length: length + 5 });
        return [...last, ...each];
      };
      return vmap(one as never)(...(rows as never[])) as Tensor[];
    });
  }, 600_000);

  test("as many steps as each needs, NaN and infinities among the numbers", () => {
    const starts = [1, 2, 0.3, NaN, Infinity, -0, 7, 1e-9, 5];
    const collatz = (x: Tensor): Tensor[] => {
      const halve = (y: Tensor): Tensor =>
        cond(
          y.greater(3),
          (z: Tensor) => z.mul(0.5),
          (z: Tensor) => z.mul(z.mul(-1.3).add(3.9)).add(0.05),
          y,
        );
      const [end, count] = whileLoop(
        ([y]) => y.less(0.9).or(y.greater(1)),
        ([y, n]) => [halve(y), n.add(1)],
        [x, tensor(0, { dtype: "int32" })] as [Tensor, Tensor],
        { maxSteps: 300 },
      );
      return [end, count];
    };
    for (const make of [f32, f64]) {
      agree(
        (xs) => scan((none: Tensor[], x: Tensor) => [none, collatz(x)], [] as Tensor[], xs)[1],
        () => [make(starts)],
      );
      agree(
        (xs) => vmap(collatz)(xs),
        () => [make(starts)],
      );
      agree(
        (x) => collatz(x.slice([2], [3]).reshape([])),
        () => [make(starts)],
      );
    }
  });

  test("rows in turn: of very different lengths, more than one call takes, with work before and after", () => {
    for (const make of [f32, f64])
      for (const n of [9, 16, 150]) {
        const starts = (): Tensor => make(Array.from({ length: n }, (_, k) => 1.001 + (((k * 7919) % 97) / 97) ** 4));
        const grown = (x: Tensor, scale: Tensor): Tensor[] => {
          const factor = x.sqrt().mul(scale);
          const { a, count } = whileLoop(
            (c) => c.a.less(1000),
            (c) => ({ a: c.a.mul(factor).add(0.01), count: c.count.add(1) }),
            { a: x.add(scale), count: tensor(0, { dtype: "int32" }) },
            { maxSteps: 400 },
          );
          return [a.div(factor).add(scale), count];
        };
        const ones = (): Tensor => make([1]);
        agree(
          (x, one) => scan((carry: Tensor[], row: Tensor) => [carry, grown(row, one.sum())], [], x)[1],
          () => [starts(), ones()],
        );
        agree(
          (x, one) => vmap((row: Tensor) => grown(row, one.sum()))(x),
          () => [starts(), ones()],
        );
      }
  });

  test("rows of a batch that have more of their own than registers hold", () => {
    const matrices = (): Tensor => f64(Array.from({ length: 9 * 25 }, (_, k) => Math.sin(k))).reshape([9, 5, 5]);
    const solved = (a: Tensor): Tensor => odeint((_t, y: Tensor) => a.matmul(y), f64([1, 2, 3, 4, 5]), [0, 0.5, 1]).ys;
    const doubled = (x: Tensor): Tensor => x.mul(2).add(1);
    const bounded = (a: Tensor): Tensor =>
      whileLoop((x) => x.less(a.abs().sum()), doubled, a.mul(0).sum(), { maxSteps: 100 });
    for (const [each, interpreted] of [
      [solved, false],
      [bounded, true],
    ] as const)
      agree(
        (a) => [vmap(each)(a)],
        () => [matrices()],
        interpreted,
      );
  });

  test("kernels, positions known at run time, and loops within loops", () => {
    agree(
      (x, a) => [
        ...fori(
          300,
          (i, [y, m]) => {
            const at = i.mod(3).cast("int32");
            const picked = take(y, at, 0);
            const solved = linalg.solve(m, y);
            const inner = fori(20, (_j, z: Tensor) => z.mul(0.9).add(picked), y);
            const few = fori(3, (j, z: Tensor) => z.add(j.cast("float64")), inner);
            return [where(few.abs().less(50), cumsum(few, 0).mul(0.1).add(solved.mul(0.01)), y.mul(0.5)), m] as [
              Tensor,
              Tensor,
            ];
          },
          [x, a] as [Tensor, Tensor],
        ),
      ],
      () => [f64([0.5, -1, 2]), f64([4, 1, 0, 1, 5, 2, 0, 2, 6]).reshape([3, 3])],
    );
  });
});

describe("solves give the same bits", () => {
  const lorenz = (_t: Tensor, s: Tensor): Tensor => {
    const [x, y, z] = s.split(3) as [Tensor, Tensor, Tensor];
    return concat([y.sub(x).mul(10), x.mul(z.neg().add(28)).sub(y), x.mul(y).sub(z.mul(8 / 3))]);
  };
  const start = (): Tensor => f64([1, 1, 1]);
  const many = (make: typeof f64, n: number): Tensor =>
    make(Array.from({ length: 3 * n }, (_, k) => Math.sin(k) * (1 + (k % 7)))).reshape([n, 3]);

  test("of one trajectory, with any outputs", () => {
    for (const ts of [
      [0, 3],
      [0, 0.1, 1.5, 3],
      [0.1, 0],
    ])
      for (const options of [{ solver: tsit5 }, { solver: rk4, controller: constant({ dt: 0.01 }) }])
        agree(
          (y) => [odeint(lorenz, y, ts, options).ys],
          () => [start()],
          false,
        );
  });

  test("of independent trajectories, whose number is no multiple of the lanes", () => {
    for (const make of [f32, f64])
      for (const n of [1, 2, 3, 5, 9, 17])
        agree(
          (y) => {
            const { ys, stats, status } = odeint(lorenz, y, [0, 0.7], { batch: "independent", throw: false });
            return [ys, stats.steps, stats.rejected, status];
          },
          () => [many(make, n)],
          false,
        );
  });

  test("of a batch of solves, some of whose inputs are shared", () => {
    const field = (_t: Tensor, y: Tensor, rho: Tensor): Tensor => lorenz(_t, y).add(y.mul(rho));
    for (const make of [f32, f64])
      for (const ts of [
        [0, 0.4],
        [0, 0.1, 0.3],
      ])
        for (const options of [{ solver: tsit5 }, { solver: rk4, controller: constant({ dt: 0.02 }) }])
          for (const n of [2, 7]) {
            const solve = (y: Tensor, rho: Tensor): Tensor => odeint(field, y, ts, { ...options, args: rho }).ys;
            const rhos = (): Tensor => make(Array.from({ length: n }, (_, k) => k / 10));
            agree(
              (y, rho) => [vmap(solve)(y, rho)],
              () => [many(make, n), rhos()],
              false,
            );
            agree(
              (y, rho) => [vmap(solve, [null, 0])(y, rho)],
              () => [make([1, 2, 3]), rhos()],
              false,
            );
          }
  });

  test("of independent trajectories with many outputs", () => {
    const ts = Array.from({ length: 12 }, (_, k) => k / 8);
    for (const make of [f32, f64])
      for (const options of [{ solver: tsit5 }, { solver: rk4, controller: constant({ dt: 0.02 }) }])
        agree(
          (y) => {
            const { ys, stats } = odeint(lorenz, y, ts, { ...options, batch: "independent" });
            return [ys, stats.steps];
          },
          () => [many(make, 11)],
          false,
        );
  });

  test("where some trajectories fail", () => {
    const blowUp = (_t: Tensor, y: Tensor): Tensor => y.mul(y);
    agree(
      (y) => {
        const { ys, status, stats } = odeint(blowUp, y, [0, 1], {
          batch: "independent",
          throw: false,
          controller: pid({ dtMin: 1e-4 }),
        });
        return [ys, status, stats.steps];
      },
      () => [f64([0.1, 5, NaN, 0.5, -3, 1e300]).reshape([6, 1])],
      false,
    );
  });

  test("and gradients, tangents and batches of them", () => {
    const loss = (y: Tensor): Tensor => odeint(lorenz, y, [0, 0.2, 0.5], { rtol: 1e-5, atol: 1e-5 }).ys.sum();
    agree(
      (y) => [grad(loss)(y)],
      () => [start()],
      false,
    );
    agree(
      (y) => jvp(loss, [y], [y.mul(0.5)]),
      () => [start()],
      false,
    );
    agree(
      (ys) => [vmap(loss)(ys)],
      () => [many(f64, 3)],
      false,
    );
    const all = (ys: Tensor): Tensor => odeint(lorenz, ys, [0, 0.3], { batch: "independent" }).ys.sum();
    agree(
      (ys) => [grad(all)(ys)],
      () => [many(f32, 5)],
      false,
    );
    const second = (y: Tensor): Tensor => grad(loss)(y).mul(y).sum();
    agree(
      (y) => [grad(second)(y)],
      () => [start()],
      false,
    );
  });
});
